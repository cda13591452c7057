using System.CommandLine;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Nodes;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Commands;

/// <summary>
/// What operators ask and command of a cluster: <c>dpo nodes</c>, <c>drain</c>, <c>campaigns</c>, <c>pause</c>, <c>resume</c>,
/// <c>cancel</c>.
/// </summary>
public static class ClusterCommands
{
    private static readonly Option<bool> _json = CommonOptions.Json();
    private static readonly Argument<string> _campaign = new("NAME") { Description = "The campaign's name." };
    private static readonly Option<bool> _down = new("--down")
    {
        Description = "Of a node that does not answer any more: the others go on without it at once. Should it live, it joins anew.",
    };
    private static readonly Argument<string> _node = new("NODE") { Description = "The node's name, as dpo nodes shows it." };

    /// <summary>A campaign of the cluster, where commands are of a state directory without it.</summary>
    internal static Option<string?> Campaign { get; } =
        new("--campaign") { Description = "A campaign of a cluster; see --join.", HelpName = "NAME" };

    /// <summary>A node of the cluster.</summary>
    internal static Option<string> Join { get; } = new("--join")
    {
        Description = "A node of the cluster, as HOST:PORT; several with commas, and one of them answers.",
        HelpName = "HOST:PORT",
        DefaultValueFactory = _ => NodeCommand.Variable("--join") ?? "127.0.0.1:4053",
    };

    public static Command CreateNodes() => Command(
        "nodes",
        "Show a cluster's nodes, and what each has in hand.",
        [],
        ["./dpo nodes --join 10.0.0.1:4053", "./dpo nodes --join 10.0.0.1:4053 --json"],
        async (parsed, cluster, token) =>
        {
            var document = await cluster.GetTextAsync("/nodes", token);
            if (parsed.GetValue(_json))
            {
                Console.WriteLine(document);
                return;
            }
            foreach (var node in JsonDocument.Parse(document).RootElement.GetProperty("nodes").EnumerateArray())
            {
                string Text(string name) => node.GetProperty(name).ToString();
                string List(string name) => string.Join(", ", node.GetProperty(name).EnumerateArray().Select(item => item.GetString()));
                Console.WriteLine(PlainText.Of(
                    $"{Text("name")}: {Text("state")}, {List("roles")}, {Text("address")}, version {Text("version")}, {Text("threads")} threads, {Text("device")}, "
                    + $"{node.GetProperty("rate").GetDouble():F0} units/h{(List("in_hand") is { Length: > 0 } work ? $", at {work}" : "")}, heard {node.GetProperty("seconds_since_heard").GetDouble():F0} s ago"));
                foreach (var trouble in node.GetProperty("troubles").EnumerateArray())
                {
                    Console.WriteLine(PlainText.Of($"  {trouble.GetString()}"));
                }
            }
        });

    public static Command CreateDrain() => Command(
        "drain", "Have a node take nothing new, finish what it has, and leave; ends when it has left.", [_node],
        ["./dpo drain worker-2 --join 10.0.0.1:4053", "./dpo drain worker-3 --down"],
        async (parsed, cluster, token) =>
        {
            var name = parsed.GetRequiredValue(_node);
            await cluster.PostAsync<JsonElement>(
                $"/nodes/{Uri.EscapeDataString(name)}/{(parsed.GetValue(_down) ? "down" : "drain")}",
                null,
                token);
            while (await IsThereAsync(cluster, name, token))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), token);
            }
            Print(parsed, new { drained = name }, $"node {name} has left");
        },
        _down);

    public static Command CreateCampaigns() => Command(
        "campaigns", "Show a cluster's campaigns.", [], ["./dpo campaigns --join 10.0.0.1:4053 --json"],
        async (parsed, cluster, token) =>
        {
            var document = await cluster.GetTextAsync("/campaigns", token);
            if (parsed.GetValue(_json))
            {
                Console.WriteLine(document);
                return;
            }
            foreach (var campaign in JsonDocument.Parse(document).RootElement.GetProperty("campaigns").EnumerateArray())
            {
                Console.WriteLine(
                    PlainText.Of($"{campaign.GetProperty("name")}: {campaign.GetProperty("status")}, at {campaign.GetProperty("http")}")
                );
            }
        });

    public static Command CreatePause() =>
        Command(
            "pause",
            "Have a campaign give out no more work; what is in hand is finished and counts.",
            "./dpo pause my-campaign --join 10.0.0.1:4053");

    public static Command CreateResume() =>
        Command("resume", "Have a paused campaign go on.", "./dpo resume my-campaign --join 10.0.0.1:4053");

    public static Command CreateCancel() =>
        Command("cancel", "End a campaign for good; what it has is kept.", "./dpo cancel my-campaign --join 10.0.0.1:4053");

    /// <summary>Runs with a connection to the cluster that <see cref="Join"/> names.</summary>
    internal static async Task<int> WithClusterAsync(
        ParseResult parsed,
        Func<ClusterConnection, Task> use,
        CancellationToken cancellationToken)
    {
        try
        {
            using var security = NodeSecurity.Load(parsed.GetValue(NodeCommand.Certificate));
            using var cluster = await ClusterConnection.OpenAsync(
                NodeCommand.Places(parsed.GetRequiredValue(Join)),
                security,
                cancellationToken);
            await use(cluster);
            return ExitCodes.Done;
        }
        catch (HttpRequestException e)
        {
            Console.Error.WriteLine(PlainText.Of($"dpo: {e.GetBaseException().Message}"));
            return ExitCodes.Failed;
        }
    }

    /// <summary>Whether a node of this name is in the cluster; the one that is asked may be it, and gone.</summary>
    private static async Task<bool> IsThereAsync(ClusterConnection cluster, string name, CancellationToken cancellationToken)
    {
        try
        {
            var nodes = await cluster.GetAsync<JsonElement>("/nodes", cancellationToken);
            return nodes.GetProperty("nodes").EnumerateArray().Any(node => node.GetProperty("name").GetString() == name);
        }
        catch (Exception e) when (e is HttpRequestException or UserInputException)
        {
            return false;
        }
    }

    private static ExampleCommand Command(string verb, string description, string example) => Command(
        verb, description, [_campaign], [example], async (parsed, cluster, token) =>
        {
            var name = parsed.GetRequiredValue(_campaign);
            var answer = await cluster.PostAsync<JsonElement>(
                $"/campaigns/{Uri.EscapeDataString(name)}/{verb}?by={Uri.EscapeDataString(Environment.UserName)}",
                null,
                token);
            Print(parsed, answer, $"campaign {name}: {answer.GetProperty("status")}");
        });

    private static ExampleCommand Command(
        string name,
        string description,
        IEnumerable<Argument> arguments,
        string[] examples,
        Func<ParseResult, ClusterConnection, CancellationToken, Task> run,
        params IEnumerable<Option> options)
    {
        var command = new ExampleCommand(name, description, examples) { Join, NodeCommand.Certificate, _json };
        foreach (var option in options)
        {
            command.Add(option);
        }
        foreach (var argument in arguments)
        {
            command.Add(argument);
        }
        command.SetAction((parsed, token) => WithClusterAsync(parsed, cluster => run(parsed, cluster, token), token));
        return command;
    }

    private static void Print(ParseResult parsed, object document, string line)
    {
        if (parsed.GetValue(_json))
        {
            CommonOptions.PrintJson(document);
        }
        else
        {
            Console.WriteLine(PlainText.Of(line));
        }
    }
}
