// Drives Switchhook over UDP: registers, calls a number, hangs up, and prints what happened.
//
//     switchhook serve          # in another terminal
//     mcs Phone.cs && SIP_SERVER=sip.example.com SIP_USER=1001 SIP_PASSWORD=secret mono Phone.exe 1234
using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;

class Phone
{
    readonly UdpClient socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
    readonly IPEndPoint server;

    Phone(int port)
    {
        server = new IPEndPoint(IPAddress.Loopback, port);
    }

    void Request(string function, params string[] arguments)
    {
        var lines = new[] { "function=" + function }.Concat(arguments.Select((value, i) => "param" + (i + 1) + "=" + value));
        var text = "BOFCOMMAND" + string.Concat(lines.Select(line => "BOFLINE" + line + "EOFLINE")) + "EOFCOMMAND";
        var bytes = Encoding.UTF8.GetBytes(text);
        socket.Send(bytes, bytes.Length, server);
    }

    string Receive()
    {
        IPEndPoint from = null;
        return Encoding.UTF8.GetString(socket.Receive(ref from));
    }

    static string Setting(string name, string otherwise)
    {
        return Environment.GetEnvironmentVariable(name) ?? otherwise;
    }

    static void Main(string[] args)
    {
        var phone = new Phone(int.Parse(Setting("SWITCHHOOK_PORT", "19422")));
        var called = false;
        phone.Request("API_Register", Setting("SIP_SERVER", ""), Setting("SIP_USER", ""), Setting("SIP_PASSWORD", ""));
        while (true)
        {
            var text = phone.Receive();
            if (!text.StartsWith("WPNOTIFICATION,")) continue;
            text = text.Replace("WPNOTIFICATION,", "").Replace(",NEOL \r\n", "");
            Console.WriteLine(text);
            var fields = text.Split(',');
            if (fields[0] == "REGISTER" && text.Contains("Registered") && !called)
            {
                called = true;
                phone.Request("API_Call", "-1", args[0]);
            }
            else if (fields[0] == "STATUS" && fields[2] == "CallConnect") phone.Request("API_Hangup", "-1");
            else if (fields[0] == "CDR") return;
        }
    }
}
