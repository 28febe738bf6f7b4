"""Drives Switchhook over TCP: registers, calls a number, hangs up, and prints what happened.

    switchhook serve          # in another terminal
    SIP_SERVER=sip.example.com SIP_USER=1001 SIP_PASSWORD=secret python3 phone.py 1234
"""
import os
import socket
import sys


class Phone:
    def __init__(self, port):
        self.stream = socket.create_connection(("127.0.0.1", port)).makefile("rw", newline="\r\n", encoding="utf-8")

    def request(self, function, **arguments):
        fields = [f"function={function}"] + [f"{key}={value}" for key, value in arguments.items()]
        frame = "".join(f"BOFLINE{field}EOFLINE" for field in fields)  # needs no quoting
        self.stream.write(f"BOFCOMMAND{frame}EOFCOMMAND\r\n")
        self.stream.flush()

    def records(self):
        """Answers and notifications, as they come."""
        for line in self.stream:
            line = line.strip()
            if "APIRESULT:" in line:
                yield "ANSWER", line.split("APIRESULT:")[1].removesuffix("EOFLINEEOFCOMMAND")
            elif line.startswith("WPNOTIFICATION,"):
                yield "NOTIFICATION", line.removeprefix("WPNOTIFICATION,").removesuffix(",NEOL")


phone = Phone(int(os.environ.get("SWITCHHOOK_PORT", "19422")))
phone.request("API_Register", server=os.environ["SIP_SERVER"], username=os.environ["SIP_USER"],
              password=os.environ["SIP_PASSWORD"])
called = False
for kind, text in phone.records():
    print(kind, text)
    fields = text.split(",")
    if kind == "NOTIFICATION" and fields[0] == "REGISTER" and "Registered" in text and not called:
        called = True
        phone.request("API_Call", line=-1, peer=sys.argv[1])
    elif kind == "NOTIFICATION" and fields[:1] == ["STATUS"] and fields[2] == "CallConnect":
        phone.request("API_Hangup", line=-1)
    elif kind == "NOTIFICATION" and fields[0] == "CDR":
        break
