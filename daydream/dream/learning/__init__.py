"""What trials and people's answers change about what is dreamt next: evidence, posteriors, lessons, allocation."""
