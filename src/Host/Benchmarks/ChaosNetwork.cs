using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using IterativeDpo.Host.Nodes;
using static IterativeDpo.Host.Benchmarks.ChaosTools;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>Where a node is.</summary>
/// <param name="Prefix">What its command line begins with.</param>
/// <param name="Http">Its port by HTTP.</param>
/// <param name="Arguments">Of <c>dpo node</c>.</param>
internal sealed record ChaosPlace(IReadOnlyList<string> Prefix, string Host, int Port, int Http, IReadOnlyList<string> Arguments)
{
    /// <summary>What others join.</summary>
    public string Join => $"{Host}:{Port}";
}

/// <summary>
/// The network of a cluster on this machine. Where this program may make them, every node is in a network namespace of its own, plugged
/// into one bridge: pulled out of it a node is cut from all others, and those plugged into a second bridge reach each other only. As all
/// this is beyond loopback, nodes know each other by certificates. Else all are on loopback, and cannot be parted.
/// </summary>
internal sealed class ChaosNetwork : IDisposable
{
    /// <summary>For benchmarks of networks (RFC 2544): nobody's addresses.</summary>
    private const string Benchmarks = "198.18";

    private const int FirstNode = 11, NodePort = 4053, NodeHttp = 8421;

    private readonly string _certificates;
    private readonly ChaosProgram _program;
    private readonly string _bridge = $"{ChaosLeftovers.Prefix}a", _otherBridge = $"{ChaosLeftovers.Prefix}b";
    private readonly string? _subnet;
    private readonly List<string> _nodes = [];

    /// <param name="directory">For certificates.</param>
    public ChaosNetwork(string directory, ChaosProgram program)
    {
        (_certificates, _program) = (Path.Combine(directory, "certificates"), program);
        if (!Environment.IsPrivilegedProcess || !Exists("ip") || Run("ip", "link", "add", _bridge, "type", "bridge") != 0)
        {
            return;
        }
        _subnet = FreeSubnet();
        try
        {
            MustRun("ip", "addr", "add", $"{_subnet}.1/24", "dev", _bridge);
            MustRun("ip", "link", "set", _bridge, "up");
            MustRun("ip", "link", "add", _otherBridge, "type", "bridge");
            MustRun("ip", "link", "set", _otherBridge, "up");
            Certify("operator", $"{_subnet}.1");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether nodes can be parted.</summary>
    public bool CanPart => _subnet is not null;

    /// <summary>This program's own address on it.</summary>
    public string Host => CanPart ? $"{_subnet}.1" : "127.0.0.1";

    /// <summary>The certificate to show to nodes; null where they want none.</summary>
    public string? Certificate => CanPart ? CertificateOf("operator") : null;

    public ChaosPlace Add(string name)
    {
        if (!CanPart)
        {
            var (port, http) = (FreePort(), FreePort());
            return new([], "127.0.0.1", port, http, ["--port", $"{port}", "--http", $"{http}"]);
        }
        _nodes.Add(name);
        var (space, host) = (SpaceOf(name), $"{_subnet}.{FirstNode + _nodes.Count}");
        MustRun("ip", "netns", "add", space);
        MustRun("ip", "link", "add", PlugOf(name), "type", "veth", "peer", "name", "eth0", "netns", space);
        MustRun("ip", "-n", space, "addr", "add", $"{host}/24", "dev", "eth0");
        MustRun("ip", "-n", space, "link", "set", "eth0", "up");
        MustRun("ip", "-n", space, "link", "set", "lo", "up");
        MustRun("ip", "link", "set", PlugOf(name), "master", _bridge, "up");
        Certify(name, host);
        return new(
            ["ip", "netns", "exec", space], host, NodePort, NodeHttp,
            ["--bind", host, "--port", $"{NodePort}", "--http", $"{NodeHttp}", "--certificate", CertificateOf(name)]);
    }

    /// <summary>Cuts a node from all others.</summary>
    public void Cut(string name) => MustRun("ip", "link", "set", PlugOf(name), "nomaster");

    /// <summary>Has these nodes reach each other, and nobody else.</summary>
    public void Part(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            MustRun("ip", "link", "set", PlugOf(name), "master", _otherBridge);
        }
    }

    /// <summary>Has a node reach all again.</summary>
    public void Heal(string name) => MustRun("ip", "link", "set", PlugOf(name), "master", _bridge);

    public HttpClient Client() => NodeSecurity.Load(Certificate).Client();

    public Uri HttpOf(ChaosPlace place) => new UriBuilder(CanPart ? Uri.UriSchemeHttps : Uri.UriSchemeHttp, place.Host, place.Http).Uri;

    public void Dispose()
    {
        if (!CanPart)
        {
            return;
        }
        foreach (var name in _nodes)
        {
            ChaosLeftovers.RemoveNamespace(SpaceOf(name));
        }
        foreach (var bridge in new[] { _bridge, _otherBridge })
        {
            Run("ip", "link", "del", bridge);
        }
        _nodes.Clear();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string SpaceOf(string name) => $"{ChaosLeftovers.Prefix}-{name}";

    private string PlugOf(string name) => $"{ChaosLeftovers.Prefix}v{_nodes.IndexOf(name)}";

    private string CertificateOf(string name) => Path.Combine(_certificates, $"{name}.crt");

    private void Certify(string name, string host) =>
        _program
            .RunAsync(["certificates", "--out", _certificates, "--node", name, "--host", host], CancellationToken.None)
            .GetAwaiter()
            .GetResult();

    /// <summary>One that no device of this machine is in; runs begin to look at different ones.</summary>
    private static string FreeSubnet()
    {
        var taken = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(device => device.GetIPProperties().UnicastAddresses).Select(address => address.Address.ToString()).ToList();
        return Enumerable.Range(Environment.ProcessId, 256).Select(number => $"{Benchmarks}.{number % 256}")
            .FirstOrDefault(subnet => !taken.Exists(address => address.StartsWith($"{subnet}.", StringComparison.Ordinal)))
            ?? throw new BenchmarkException($"every network of {Benchmarks}.0.0/16 is taken");
    }
}
