"""Figures, numbers and times that everything else is made of; nothing here touches a file."""
