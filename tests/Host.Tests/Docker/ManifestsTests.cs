using System.CommandLine;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using IterativeDpo.Actors;
using IterativeDpo.Host.Commands;
using k8s;
using k8s.Models;

namespace IterativeDpo.Host.Tests.Docker;

/// <summary>What <c>docker/</c> says fits together and fits the program; none of it is run here.</summary>
public sealed class ManifestsTests
{
    private static string Docker { get; } = FindDocker();

    private static readonly Dictionary<string, V1PodTemplateSpec> s_pods = Read()
        .SelectMany(PodOf)
        .ToDictionary(pod => pod.Metadata.Labels["role"]);

    private static string Compose => File.ReadAllText(Path.Combine(Docker, "compose.yaml"));

    [Theory]
    [InlineData("namespace.yaml")]
    [InlineData("secrets.example.yaml")]
    [InlineData("coordinators.yaml")]
    [InlineData("workers.yaml")]
    public void Manifest_hasNothingThatKubernetesDoesNotKnow(string file)
    {
        var objects = KubernetesYaml.LoadAllFromString(File.ReadAllText(Path.Combine(Docker, "kubernetes", file)), strict: true);

        Assert.NotEmpty(objects);
        Assert.All(objects, one => Assert.IsAssignableFrom<IKubernetesObject<V1ObjectMeta>>(one));
    }

    [Fact]
    public void Dashboard_asksForMetricsThatThereAre()
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
            known.UnionWith(instrument.Meter.Name == Telemetry.Name ? PrometheusNames(instrument) : []);
        listener.Start();
        RuntimeHelpers.RunClassConstructor(
            typeof(Telemetry).Assembly.GetType("IterativeDpo.Actors.OrderTelemetry", throwOnError: true)!.TypeHandle);
        var dashboard = File.ReadAllText(Path.Combine(Docker, "grafana-dashboard.json"));

        var asked = Regex.Matches(dashboard, "dpo_[a-z_]+").Select(match => match.Value).Distinct().Order().ToArray();

        Assert.Empty(asked.Except(known));
        Assert.Empty(
            known
                .Where(name => !name.EndsWith("_sum", StringComparison.Ordinal) && !name.EndsWith("_count", StringComparison.Ordinal))
                .Except(asked));
    }

    [Fact]
    public void Roles_areEachPlayedByAPod() => Assert.Equal(["coordinator", "generator", "judge", "trainer"], s_pods.Keys.Order());

    [Fact]
    public void Environment_isOfOptionsThatNodeHas()
    {
        var known = NodeCommand
            .Create()
            .Options.Select(option => $"DPO_NODE_{option.Name.TrimStart('-').Replace('-', '_').ToUpperInvariant()}")
            .ToHashSet();
        string[] everywhere =
        [
            Compose,
            File.ReadAllText(Path.Combine(Docker, "Dockerfile")),
            .. Directory.GetFiles(Path.Combine(Docker, "kubernetes")).Select(File.ReadAllText),
        ];

        var used = everywhere.SelectMany(text => Regex.Matches(text, "DPO_NODE_[A-Z_]+").Select(match => match.Value)).ToHashSet();

        Assert.Superset(used, known);
        Assert.True(used.Count > 8);
    }

    [Fact]
    public void Commands_areOnesThatTheProgramTakes()
    {
        var composed = Regex.Matches(Compose, @"command: \[(node[^]]*)\]").Select(match => match.Groups[1].Value.Split(", "));
        var started = s_pods.Values.SelectMany(pod => pod.Spec.Containers).Select(container => container.Args.ToArray());
        var stopped = s_pods.Values.SelectMany(pod => pod.Spec.Containers).Select(container =>
            Regex.Match(container.Lifecycle.PreStop.Exec.Command[^1], @"dpo\.dll (.*)$").Groups[1].Value.Replace("\"", "").Split(' '));
        string[] made =
        [
            "certificates",
            .. Regex
                .Match(File.ReadAllText(Path.Combine(Docker, "certificates.sh")), @"dpo\.dll certificates (.*)")
                .Groups[1]
                .Value.Replace("\"", "")
                .Split(' '),
        ];

        var all = composed.Concat(started).Concat(stopped).Append(made).ToArray();

        Assert.Equal(7 + 4 + 4 + 1, all.Length);
        Assert.All(all, command => Assert.Empty(RootCommands.Create().Parse(command).Errors));
    }

    [Fact]
    public void Program_isWhereTheImageHasIt()
    {
        var path = Regex
            .Match(File.ReadAllText(Path.Combine(Docker, "Dockerfile")), @"""(/opt/iterative-dpo/[^""]*dpo\.dll)""")
            .Groups[1]
            .Value;

        string[] others =
        [
            Compose,
            File.ReadAllText(Path.Combine(Docker, "certificates.sh")),
            .. Directory.GetFiles(Path.Combine(Docker, "kubernetes")).Select(File.ReadAllText),
        ];
        string[] paths = [.. others.SelectMany(text => Regex.Matches(text, @"/opt/\S*dpo\.dll").Select(match => match.Value))];

        Assert.NotEmpty(paths);
        Assert.All(paths, other => Assert.Equal(path, other));
        Assert.Contains(
            path["/opt/iterative-dpo/".Length..],
            File.ReadAllText(Path.Combine(Docker, "..", "eng", "build.sh")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Images_areNamedWithAVersion()
    {
        var version = typeof(NodeCommand).Assembly.GetName().Version!.ToString(3);

        string[] images =
        [
            .. Regex.Matches(Compose, @"image: (\S+)").Select(match => match.Groups[1].Value),
            .. s_pods.Values.SelectMany(pod => pod.Spec.Containers).Select(container => container.Image),
        ];

        Assert.All(images, image => Assert.Matches(@"^[a-z-]+:\d+\.\d+", image));
        Assert.All(
            images.Where(image => image.StartsWith("iterative-dpo", StringComparison.Ordinal)),
            image => Assert.Equal($"iterative-dpo:{version}", image));
    }

    [Fact]
    public void Selectors_matchTheirPods()
    {
        foreach (var one in Read())
        {
            var selector = one switch
            {
                V1StatefulSet set => set.Spec.Selector.MatchLabels,
                V1Deployment deployment => deployment.Spec.Selector.MatchLabels,
                V1PodDisruptionBudget budget => budget.Spec.Selector.MatchLabels,
                V1Service service => service.Spec.Selector,
                _ => null,
            };
            if (selector is not null)
            {
                Assert.All(selector, label => Assert.Equal(label.Value, s_pods[selector["role"]].Metadata.Labels[label.Key]));
            }
        }
    }

    [Fact]
    public void Pods_haveThePortsThatNodesListenAt_andAreAskedThere()
    {
        foreach (var container in s_pods.Values.SelectMany(pod => pod.Spec.Containers))
        {
            int PortOf(string name) => container.Ports.Single(port => port.Name == name).ContainerPort;
            string ValueOf(string name) => container.Env.Single(variable => variable.Name == name).Value;
            Assert.Equal(
                (ValueOf("DPO_NODE_PORT"), ValueOf("DPO_NODE_HTTP"), ValueOf("DPO_NODE_HEALTH")),
                ($"{PortOf("actors")}", $"{PortOf("http")}", $"{PortOf("health")}"));
            Assert.Equal("/health/live", container.LivenessProbe.HttpGet.Path);
            Assert.Equal("/health/ready", container.ReadinessProbe.HttpGet.Path);
            Assert.All(
                [container.LivenessProbe, container.ReadinessProbe, container.StartupProbe],
                probe => Assert.Equal("health", (string)probe.HttpGet.Port));
        }
    }

    [Fact]
    public void Pods_mountWhatTheyName_fromSecretsThatAreSaid()
    {
        string[] secrets = [.. Read().OfType<V1Secret>().Select(secret => secret.Metadata.Name)];
        foreach (var pod in s_pods.Values.Select(pod => pod.Spec))
        {
            var claimed = Read().OfType<V1StatefulSet>().Single().Spec.VolumeClaimTemplates.Select(claim => claim.Metadata.Name);
            Assert.All(
                pod.Containers.Single().VolumeMounts,
                mount => Assert.Contains(mount.Name, pod.Volumes.Select(volume => volume.Name).Concat(claimed)));
            Assert.All(
                pod.Volumes.Where(volume => volume.Secret is not null),
                volume => Assert.Contains(volume.Secret.SecretName, secrets));
            Assert.All(
                pod.Containers.Single().Env.Where(variable => variable.ValueFrom?.SecretKeyRef is not null),
                variable => Assert.Contains(variable.ValueFrom.SecretKeyRef.Name, secrets));
            Assert.True(pod.SecurityContext.RunAsNonRoot);
        }
    }

    [Fact]
    public void Coordinators_areJoinedByTheNamesTheyBind()
    {
        var set = Read().OfType<V1StatefulSet>().Single();
        var service = Read().OfType<V1Service>().Single();
        string ValueOf(V1PodTemplateSpec pod, string name) =>
            pod.Spec.Containers.Single().Env.Single(variable => variable.Name == name).Value;

        var bound = Enumerable.Range(0, set.Spec.Replicas!.Value)
            .Select(i =>
                $"{ValueOf(set.Spec.Template, "DPO_NODE_BIND").Replace("$(DPO_NODE_NAME)", $"{set.Metadata.Name}-{i}", StringComparison.Ordinal)}:{ValueOf(set.Spec.Template, "DPO_NODE_PORT")}");

        Assert.Equal(service.Metadata.Name, set.Spec.ServiceName);
        Assert.Contains(
            $".{service.Metadata.Name}.{service.Metadata.NamespaceProperty}.svc.",
            ValueOf(set.Spec.Template, "DPO_NODE_BIND"),
            StringComparison.Ordinal);
        Assert.All(s_pods.Values, pod => Assert.Equal(string.Join(',', bound), ValueOf(pod, "DPO_NODE_JOIN")));
    }

    [Fact]
    public void Compose_hasACertificateAndAVolumeForEachNode()
    {
        var nodes = Regex.Matches(Compose, "DPO_NODE_NAME: (.*)").Select(match => match.Groups[1].Value).ToArray();

        Assert.Equal(7, nodes.Length);
        Assert.Equal(nodes, Regex.Match(Compose, @"command: \[(coordinator-1.*)\]").Groups[1].Value.Split(", "));
        Assert.All(nodes, node => Assert.Contains($"\n  {node}:\n", Compose, StringComparison.Ordinal));
        Assert.All(
            nodes,
            node =>
                Assert.Contains(
                    $"DPO_NODE_BIND: {node}\n      DPO_NODE_CERTIFICATE: /certificates/{node}.crt\n    volumes: [{node}:/state,",
                    Compose,
                    StringComparison.Ordinal));
    }

    private static IEnumerable<object> Read() =>
        Directory
            .GetFiles(Path.Combine(Docker, "kubernetes"), "*.yaml")
            .Order()
            .SelectMany(path => KubernetesYaml.LoadAllFromString(File.ReadAllText(path), strict: true));

    private static IEnumerable<V1PodTemplateSpec> PodOf(object one) => one switch
    {
        V1StatefulSet set => [set.Spec.Template],
        V1Deployment deployment => [deployment.Spec.Template],
        _ => [],
    };

    /// <summary>By the rules of OpenTelemetry's exporter for Prometheus.</summary>
    private static IEnumerable<string> PrometheusNames(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_') + instrument.Unit switch
        {
            "By" => "_bytes",
            "s" => "_seconds",
            _ => "",
        };
        return instrument switch
        {
            Counter<long> => [$"{name}_total"],
            Histogram<double> => [$"{name}_bucket", $"{name}_sum", $"{name}_count"],
            _ => [name],
        };
    }

    private static string FindDocker()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "IterativeDpo.sln")))
        {
            directory = directory.Parent;
        }
        return Path.Combine(directory.FullName, "docker");
    }
}
