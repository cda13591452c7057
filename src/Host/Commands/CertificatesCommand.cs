using System.CommandLine;
using IterativeDpo.Host.Nodes;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo certificates</c>: what a cluster's nodes know each other by.</summary>
public static class CertificatesCommand
{
    private const int MostDays = 3650, YearDays = 365;

    private static readonly Option<DirectoryInfo> _output = new("--out")
    {
        Description = "Where the authority is, or is to be made: ca.crt, ca.key and the nodes' certificates.",
        HelpName = "DIR",
        Required = true,
    };

    private static readonly Option<string> _node = new("--node")
    {
        Description = "The node that the certificate is for.",
        HelpName = "NAME",
        Required = true,
    };

    private static readonly Option<string[]> _hosts = new("--host")
    {
        Description = "A host name or IP address of the node, for clients that check it (nodes do not); may be given several times.",
        HelpName = "HOST",
    };

    private static readonly Option<int> _days = CommonOptions.Number("--days", "How long it is valid, from today.", YearDays, 1, MostDays);
    private static readonly Option<bool> _force = new("--force") { Description = "Replace the node's certificate. The authority stays." };
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "certificates",
            "Make a cluster's authority, and a certificate of it for each node (docs/security.md).",
            "./dpo certificates --out certificates --node coordinator-1",
            "./dpo certificates --out certificates --node worker-1 --host worker-1.example.org --host 10.0.0.7 --days 90",
            "./dpo certificates --out certificates --node worker-1 --force --json")
        {
            _output, _node, _hosts, _days, _force, _json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var made = Certificates.Make(
            parsed.GetRequiredValue(_output).ToString(),
            parsed.GetRequiredValue(_node),
            parsed.GetValue(_hosts) ?? [],
            parsed.GetValue(_days),
            parsed.GetValue(_force),
            TimeProvider.System);
        if (parsed.GetValue(_json))
        {
            CommonOptions.PrintJson(made);
            return ExitCodes.Done;
        }
        if (made.NewAuthority)
        {
            Console.WriteLine(
                $"authority: {made.Authority}, until {made.AuthorityUntil}. Whoever has {made.AuthorityKey} can make nodes: keep it off them, with a copy in a safe place.");
        }
        Console.WriteLine($"certificate of {made.Node}: {made.Certificate}, until {made.Until}, for {string.Join(", ", made.Hosts)}");
        Console.WriteLine($"copy to the node: {made.Authority} {made.Certificate} {made.Key}");
        return ExitCodes.Done;
    }
}
