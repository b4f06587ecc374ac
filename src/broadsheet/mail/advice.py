"""What an operator can do about a connection to the mail server that did not come about. Pure."""

from __future__ import annotations

import smtplib
import socket
import ssl

from broadsheet.mail.smtp import MailServer, Tls


def advise(error: Exception | None, server: MailServer) -> str:
    """A sentence or two; empty if the server's own words say it all."""
    if isinstance(error, socket.gaierror):
        return f"The name {server.host} leads to no address; is a letter of it wrong, and does this machine reach its DNS?"
    if isinstance(error, ConnectionRefusedError):
        return f"Nothing listens on port {server.port} there; relays use 587 (smtp://) or 465 (smtps://), mail servers 25."
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate is not good for {server.host}; write the name that it is made for, or let this machine trust "
            "its issuer (put it into /usr/local/share/ca-certificates and run update-ca-certificates)."
        )
    if isinstance(error, ssl.SSLError):
        return "The server did not speak TLS as expected; write smtps:// for port 465, smtp:// for 587 and 25."
    if isinstance(error, smtplib.SMTPNotSupportedError) and server.tls is not Tls.IMPLICIT:
        return "The server offers no STARTTLS; try smtps:// (port 465). A password is never sent without TLS."
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "The server does not know this user and password; in the URL write @ as %40, / as %2F, : as %3A and % as %25."
    if isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected):
        return "No answer; many hosters close port 25 to the outside, and port 465 answers smtps:// only."
    return ""
