"""What an FID goes through before the fit: consensus order (Near 2021, doi:10.1002/nbm.4257), each step recorded."""
