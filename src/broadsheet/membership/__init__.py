"""What a reader holds and why: grants, institutions, newsletter consent."""
