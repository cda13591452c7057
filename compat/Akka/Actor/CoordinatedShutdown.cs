using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Runs the tasks of a system's end, phase by phase; the tasks of one phase run side by side.</summary>
public sealed class CoordinatedShutdown : IExtension
{
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";
    public const string PhaseServiceUnbind = "service-unbind";
    public const string PhaseServiceStop = "service-stop";
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";

    internal const string PhaseClusterShardingShutdownRegion = "cluster-sharding-shutdown-region";
    private const string PhaseActorSystemTerminate = "actor-system-terminate";

    private readonly Dictionary<string, Phase> _phases;
    private readonly List<string> _order = [];
    private readonly Lock _lock = new();
    private readonly ILoggingAdapter _log;
    private ImmutableDictionary<string, ImmutableList<(string Name, Func<Task<Done>> Run)>> _tasks =
        ImmutableDictionary<string, ImmutableList<(string, Func<Task<Done>>)>>.Empty;
    private Task<Done> _run;

    internal CoordinatedShutdown(ExtendedActorSystem system)
    {
        _log = Logging.GetLogger(system, this);
        _phases = ReadPhases(system.Settings.Config.GetConfig("akka.coordinated-shutdown"));
        foreach (var phase in _phases.Keys) AddInOrder(phase, []);
        if (system.Settings.CoordinatedShutdownTerminateActorSystem)
        {
            AddTask(PhaseActorSystemTerminate, "terminate-system", async () =>
            {
                await system.FinalTerminate().ConfigureAwait(false);
                return Done.Instance;
            });
        }
    }

    /// <summary>Why the system ends; null until it does.</summary>
    public Reason ShutdownReason { get; private set; }

    public static CoordinatedShutdown Get(ActorSystem sys) => new CoordinatedShutdownExtension().Apply(sys);

    /// <exception cref="ConfigurationException">The phase is not configured.</exception>
    public void AddTask(string phase, string taskName, Func<Task<Done>> task)
    {
        if (!_order.Contains(phase))
            throw new ConfigurationException($"Unknown phase [{phase}], known phases [{string.Join(",", _order)}]. All phases (along with their optional dependencies) must be defined in configuration.");
        lock (_lock) _tasks = _tasks.SetItem(phase, _tasks.GetValueOrDefault(phase, []).Add((taskName, task)));
    }

    /// <summary>Runs all phases in order, once: a second call waits for the first.</summary>
    public Task<Done> Run(Reason reason)
    {
        lock (_lock)
        {
            if (_run is not null) return _run;
            ShutdownReason = reason;
            return _run = Task.Run(() => RunPhases(_order));
        }
    }

    /// <summary>How long the tasks of a phase may take.</summary>
    internal TimeSpan Timeout(string phase) => _phases.TryGetValue(phase, out var known)
        ? known.Timeout
        : throw new ArgumentException($"Unknown phase [{phase}]. All phases must be defined in configuration.");

    private static Dictionary<string, Phase> ReadPhases(Config config)
    {
        var defaults = ConfigurationFactory.ParseString($"timeout = {config.GetString("default-phase-timeout")}, recover = true, depends-on = []");
        return config.GetConfig("phases").AsEnumerable().ToDictionary(phase => phase.Key, phase =>
        {
            var settings = config.GetConfig("phases." + phase.Key).SafeWithFallback(defaults);
            return new Phase([.. settings.GetStringList("depends-on")], settings.GetTimeSpan("timeout"), settings.GetBoolean("recover"));
        });
    }

    private void AddInOrder(string name, ImmutableHashSet<string> dependents)
    {
        if (dependents.Contains(name)) throw new ArgumentException($"Cycle detected in graph of phases: [{name}] depends transitively on itself.");
        if (_order.Contains(name)) return;
        foreach (var dependency in _phases.TryGetValue(name, out var phase) ? phase.DependsOn : []) AddInOrder(dependency, dependents.Add(name));
        _order.Add(name);
    }

    private async Task<Done> RunPhases(List<string> names)
    {
        foreach (var name in names)
        {
            if (!_tasks.TryGetValue(name, out var tasks)) continue;
            var phase = _phases[name];
            try
            {
                await Task.WhenAll(tasks.Select(task => RunTask(name, phase, task.Name, task.Run))).WaitAsync(phase.Timeout).ConfigureAwait(false);
            }
            catch (TimeoutException) when (phase.Recover)
            {
                _log.Warning("Coordinated shutdown phase [{0}] timed out after {1}", name, phase.Timeout);
            }
        }

        return Done.Instance;
    }

    private async Task RunTask(string phaseName, Phase phase, string taskName, Func<Task<Done>> run)
    {
        try
        {
            await run().ConfigureAwait(false);
        }
        catch (Exception cause) when (phase.Recover)
        {
            _log.Warning("Task [{0}] failed in phase [{1}]: {2}", taskName, phaseName, cause.Message);
        }
    }

    private sealed record Phase(string[] DependsOn, TimeSpan Timeout, bool Recover);

    public class Reason
    {
        protected Reason()
        {
        }
    }

    public class UnknownReason : Reason
    {
        public static readonly Reason Instance = new UnknownReason();

        private UnknownReason()
        {
        }
    }

    internal sealed class ActorSystemTerminateReason : Reason
    {
        public static readonly Reason Instance = new ActorSystemTerminateReason();

        private ActorSystemTerminateReason()
        {
        }
    }

    public class ClrExitReason : Reason
    {
        public static readonly Reason Instance = new ClrExitReason();

        private ClrExitReason()
        {
        }
    }
}

internal sealed class CoordinatedShutdownExtension : ExtensionIdProvider<CoordinatedShutdown>
{
    public override CoordinatedShutdown CreateExtension(ExtendedActorSystem system) => new(system);
}
