"""What happens between sessions, decided without clock, file or task: slots, doses, pain, and the way back."""
