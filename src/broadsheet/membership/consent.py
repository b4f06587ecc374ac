"""The words a reader agrees to when asking for the newsletter."""

NEWSLETTER = "free"  # the one newsletter of this version: the free letter to registered readers
# As it stands beside the box on the wall; the consent keeps it, so that it can be shown what was agreed to.
CONSENT_TEXT = "Send me the free newsletter too"
