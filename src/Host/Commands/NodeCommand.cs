using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Nodes;
using IterativeDpo.Host.Notices;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging.Http;
using Microsoft.AspNetCore.Builder;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo node</c>: this machine as a node of a cluster.</summary>
public static class NodeCommand
{
    private const int DefaultHttpPort = 8421;

    /// <summary>So long a node that is to end waits for notices that are being delivered.</summary>
    private static readonly TimeSpan s_noticePatience = TimeSpan.FromSeconds(1);

    private static readonly Option<string> _roles = Of(
        "--roles",
        "What it does: coordinator, generator, judge, trainer; several with commas.",
        "ROLE[,ROLE]",
        string.Join(',', NodeRoles.All));
    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();
    private static readonly Option<string> _join = Of(
        "--join",
        "Coordinators to join. Without it the node begins a cluster, which takes a coordinator.",
        "HOST:PORT[,HOST:PORT]",
        "");
    private static readonly Option<int> _port = Port("--port", "Of the actor system; 0 is any that is free.", 0);
    private static readonly Option<int> _http = Port(
        "--http",
        "For artifacts, health and operators; 0 is any that is free, which is taken too where none is given and this one is in use.",
        DefaultHttpPort);
    private static readonly Option<string> _bind = Of(
        "--bind",
        "The address to listen at, under which others reach it.",
        "HOST",
        "127.0.0.1");
    private static readonly Option<string> _journal = Of(
        "--journal",
        "Where a coordinator keeps campaigns: sqlite (a file in --state), or postgres://user:password@host/database, which several share.",
        "sqlite|postgres://…",
        "sqlite");
    private static readonly Option<string> _name = Of(
        "--name",
        "Tells it from other nodes; made of the machine's name if not given.",
        "NAME",
        "");
    private static readonly Option<bool> _fetchModels = new("--fetch-models")
    {
        Description = "Bring a model that is missing here from a node that has it.",
        DefaultValueFactory = _ => Variable("--fetch-models") is "1" or "true" or "on",
    };
    private static readonly Option<int> _cache = Count(
        "--cache-gib",
        "The most artifacts that a node without the role coordinator has, in GiB; the least used are given up.",
        20);
    private static readonly Option<int> _stall = Count(
        "--stall-minutes",
        "So long an engine at work may say nothing; then the node's process is replaced.",
        30);
    private static readonly Option<int> _health = Port(
        "--health",
        "Tells /health/live and /health/ready there too, to whoever asks and without TLS, for container platforms; 0 is nowhere.",
        0);
    private static readonly Option<string> _telemetry = Of(
        "--telemetry",
        "Metrics and traces to a collector (otlp; OTEL_EXPORTER_OTLP_ENDPOINT says where), metrics at /metrics of the HTTP port (prometheus).",
        "otlp|prometheus",
        "");
    private static readonly Option<string> _notices = Of(
        "--notices",
        "Tells of nodes that are lost whom campaign.notices of this file names (docs/page.md); with it on several nodes, one of them tells.",
        "FILE",
        "");
    private static readonly Option<int?> _threads = CommonOptions.Positive(
        "--threads",
        "Processor threads of its engines; all if not given.");

    public static Command Create()
    {
        var command = new ExampleCommand(
            "node",
            "Be a node of a cluster until stopped or drained. Every option can be given in the environment too: --fetch-models as DPO_NODE_FETCH_MODELS=1.",
            "./dpo node --roles coordinator --state /data/coordinator --port 4053",
            "./dpo node --roles generator,judge --join 10.0.0.1:4053 --state /data/worker --bind 10.0.0.2",
            "./dpo node --roles trainer --join 10.0.0.1:4053 --state /data/trainer --fetch-models")
        {
            _roles,
            _state,
            _join,
            _port,
            _http,
            _bind,
            _journal,
            _name,
            _threads,
            _fetchModels,
            _cache,
            _stall,
            _health,
            _telemetry,
            _notices,
            Certificate,
        };
        command.SetAction((parsed, token) => NodeProcess.IsNode
            ? RunAsync(parsed, token)
            : SuperviseAsync(parsed, token));
        return command;
    }

    /// <summary>The certificate that nodes, and who commands them, show each other.</summary>
    internal static Option<string?> Certificate { get; } = new("--certificate")
    {
        Description =
            "The certificate to show to nodes, NAME.crt, with NAME.key and ca.crt beside it (./dpo certificates), or their directory.",
        HelpName = "FILE",
        DefaultValueFactory = _ => Variable("--certificate"),
    };

    /// <summary>The value of an option in the environment.</summary>
    internal static string? Variable(string option) => Environment.GetEnvironmentVariable(VariableOf(option));

    private static string VariableOf(string option) => $"DPO_NODE_{option.TrimStart('-').Replace('-', '_').ToUpperInvariant()}";

    internal static ImmutableArray<string> Places(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static async Task<int> SuperviseAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // What is wrong with the options is wrong each time.
        using var security = NodeSecurity.Load(parsed.GetValue(Certificate));
        _ = OptionsOf(parsed, security);
        if (parsed.GetRequiredValue(_telemetry) is { Length: > 0 } ways)
        {
            TelemetryExport.Check(Places(ways));
        }
        await using (NoticesOf(parsed))
        {
        }
        return await NodeProcess.SuperviseAsync([.. parsed.Tokens.Select(token => token.Value)], cancellationToken);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        NodeProcess.EndWithSupervisor();
        using var security = NodeSecurity.Load(parsed.GetValue(Certificate));
        var options = OptionsOf(parsed, security);
        using var held = TakeState(options.StatePath);
        var store = StateDirectory.ArtifactsOf(options.StatePath);
        store.DeleteAbandoned();
        using var peers = security.Client();
        if (security.Warning is { } warning)
        {
            Say(warning);
        }
        using var telemetry = parsed.GetRequiredValue(_telemetry) is { Length: > 0 } ways
            ? TelemetryExport.Start(Places(ways), options.Name)
            : null;
        var address = AddressOf(options.Host);
        await using var notices = NoticesOf(parsed);
        Node? node = null;
        await using var server = await ServeAsync(
            port => NodeServer.Build(new IPEndPoint(address, port), store, () => node, peers, security.Secure, telemetry),
            parsed.GetValue(_http),
            isGiven: parsed.GetResult(_http) is { Implicit: false } || Variable("--http") is not null);
        await using var health = parsed.GetValue(_health) is > 0 and var port
            ? HealthServer.Build(new IPEndPoint(address, port), () => node is { IsUp: true })
            : null;
        if (health is not null)
        {
            await ListenAsync(health, "--health");
        }
        await using var owned = node = new Node(
            options with { Http = new UriBuilder(security.Scheme, options.Host, new Uri(server.Urls.First()).Port).Uri }, store, peers,
            (options, work) => Engines(options, work, judge => node!.OpenLedger(options.Name, judge)), Say, TimeProvider.System)
        {
            OnLost = notices is null ? null : notices.Tell,
        };
        try
        {
            await node.RunAsync(cancellationToken);
        }
        catch (NodeTroubleException e)
        {
            Say($"node {options.Name} is stuck: {e.Message}; its process is replaced");
            Process.GetCurrentProcess().Kill();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It was stopped before it was in a cluster.
        }
        if (notices is not null)
        {
            await notices.FinishAsync(s_noticePatience);
        }
        Say($"node {options.Name} has left");
        return ExitCodes.Done;
    }

    /// <exception cref="UserInputException">Its file cannot be used, or there is no key.</exception>
    private static NodeNotices? NoticesOf(ParseResult parsed) => parsed.GetRequiredValue(_notices) is { Length: > 0 } path
        ? new NodeNotices(NodeNotices.Load(path), Say, TimeProvider.System)
        : null;

    private static CampaignEngines Engines(CampaignOptions options, string workPath, Func<string, ILedger> ledger)
    {
        var factory = CampaignJudges.Factory(options, workPath, Say, TimeProvider.System, ledger);
        return CampaignSession.Engines(options, factory, Say) with { Owned = factory };
    }

    private static void Say(string line) => Console.Error.WriteLine($"dpo: {PlainText.Of(line)}");

    /// <summary>
    /// Starts a server. Several nodes of one machine need no port each: where none was given and the usual one is taken, any will do.
    /// </summary>
    /// <exception cref="UserInputException">The port is in use, or the address is none of this machine.</exception>
    private static async Task<WebApplication> ServeAsync(Func<int, WebApplication> build, int port, bool isGiven)
    {
        var server = build(port);
        try
        {
            await ListenAsync(server, "--http");
            return server;
        }
        catch (UserInputException) when (!isGiven)
        {
            await server.DisposeAsync();
        }
        server = build(0);
        await ListenAsync(server, "--http");
        return server;
    }

    /// <exception cref="UserInputException">The port is in use, or the address is none of this machine.</exception>
    private static async Task ListenAsync(WebApplication server, string option)
    {
        try
        {
            await server.StartAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new UserInputException(
                $"{option}: cannot listen: {e.GetBaseException().Message}. Choose another port (--http 0 is any that is free), or another --bind.",
                e);
        }
    }

    /// <exception cref="UserInputException">Another process has it, or it cannot be written.</exception>
    private static DirectoryLock TakeState(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            return DirectoryLock.Take(path, "--state");
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw new UserInputException($"{path}: cannot be used for the node's state: {IoFailure.Cause(e)}", e);
        }
    }

    /// <exception cref="UserInputException">There is no such address.</exception>
    private static IPAddress AddressOf(string host)
    {
        try
        {
            return IPAddress.TryParse(host, out var address) ? address : Dns.GetHostAddresses(host)[0];
        }
        catch (SocketException e)
        {
            throw new UserInputException($"--bind {host}: {e.Message}.", e);
        }
    }

    private static NodeOptions OptionsOf(ParseResult parsed, NodeSecurity security)
    {
        var roles = Places(parsed.GetRequiredValue(_roles));
        if (roles.FirstOrDefault(role => !NodeRoles.All.Contains(role)) is { } unknown)
        {
            throw new UserInputException($"--roles {unknown}: there is no such role; choose among {string.Join(", ", NodeRoles.All)}.");
        }
        var join = Places(parsed.GetRequiredValue(_join));
        foreach (var place in join)
        {
            NodeFinder.ParsePlace(place);
        }
        if (join.IsEmpty && !roles.Contains(NodeRoles.Coordinator))
        {
            throw new UserInputException(
                $"--roles {string.Join(',', roles)}: a node that begins a cluster is a coordinator; name one to join with --join HOST:PORT, or add that role.");
        }
        var (host, state) = (parsed.GetRequiredValue(_bind), parsed.GetRequiredValue(_state).FullName);
        if (AddressOf(host) is var address && !IPAddress.IsLoopback(address) && security.Akka is null)
        {
            throw new UserInputException(
                $"--bind {host}: whoever reaches this address could take part; nodes that listen beyond this machine know each other by certificates "
                + "(./dpo certificates --out DIR --node NAME, then --certificate DIR/NAME.crt).");
        }
        return new NodeOptions(
            parsed.GetRequiredValue(_name) is { Length: > 0 } name
                ? name
                : $"{Environment.MachineName}-{Digest.Of(Encoding.UTF8.GetBytes(state)).Short[..4]}",
            roles,
            state,
            host,
            parsed.GetValue(_port),
            new Uri("http://localhost"),
            join,
            JournalOf(parsed.GetRequiredValue(_journal)),
            parsed.GetValue(_threads) ?? Environment.ProcessorCount,
            EngineInfo.Device,
            EngineInfo.ProgramVersion,
            parsed.GetValue(_fetchModels),
            (long)parsed.GetValue(_cache) << 30,
            TimeSpan.FromMinutes(parsed.GetValue(_stall)),
            security.Akka)
        { Supervisor = NodeProcess.Supervisor };
    }

    internal static Uri? JournalOf(string text) => text switch
    {
        "sqlite" => null,
        _ when Uri.TryCreate(text, UriKind.Absolute, out var address)
                && address.Scheme is "postgres" or "postgresql"
                && address.AbsolutePath.Length > 1 => address,
        _ => throw new UserInputException("--journal: write sqlite, or postgres://user:password@host:5432/database."),
    };

    private static Option<string> Of(string name, string description, string value, string standard) =>
        new(name) { Description = description, HelpName = value, DefaultValueFactory = _ => Variable(name) ?? standard };

    private static Option<int> Port(string name, string description, int standard) =>
        Number(name, description, standard, 0, 65535, "a port");

    private static Option<int> Count(string name, string description, int standard) =>
        Number(name, description, standard, 1, 1_000_000, "a whole number");

    private static Option<int> Number(string name, string description, int standard, int least, int most, string what)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ =>
                Variable(name) is not { } text ? standard : Parse(text) ?? throw new UserInputException(Refusal(VariableOf(name), text)),
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Parse(token.Value) is null)
            {
                result.AddError(Refusal(name, token.Value));
            }
        });
        return option;

        int? Parse(string text) =>
            int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null;

        string Refusal(string given, string text) => $"{given} takes {what} from {least} to {most}; '{text}' is none.";
    }
}
