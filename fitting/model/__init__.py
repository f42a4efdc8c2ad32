"""The linear combination model: forward model, baselines, optimisers and uncertainty."""
