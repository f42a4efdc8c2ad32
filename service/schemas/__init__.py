"""JSON schemas of requests and answers, built from the types of ``fitting``; the API and the commands share them."""
