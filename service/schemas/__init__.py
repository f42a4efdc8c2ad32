"""What requests and answers look like as JSON, made of the nouns of ``fitting``; the API and the commands share it."""
