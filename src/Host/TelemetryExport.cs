using System.Collections.Immutable;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using Microsoft.AspNetCore.Builder;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace IterativeDpo.Host;

/// <summary>
/// Figures and traces of a node or a run on their way out: to a collector by OTLP, which the variables <c>OTEL_…</c> say more of, or for
/// Prometheus to fetch at <c>/metrics</c>, which has no traces.
/// </summary>
internal sealed class TelemetryExport : IDisposable
{
    public const string Otlp = "otlp", Prometheus = "prometheus";

    private readonly MeterProvider _meters;
    private readonly TracerProvider? _traces;
    private readonly bool _isScraped;

    private TelemetryExport(ImmutableArray<string> ways, string instance)
    {
        _isScraped = ways.Contains(Prometheus);
        var meters = Sdk.CreateMeterProviderBuilder().ConfigureResource(Describe).AddMeter(Telemetry.Name);
        if (_isScraped)
        {
            meters.AddPrometheusExporter();
        }
        if (ways.Contains(Otlp))
        {
            meters.AddOtlpExporter();
            _traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(Describe).AddSource(Telemetry.Name).AddOtlpExporter().Build();
        }
        _meters = meters.Build();

        // What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes before.
        void Describe(ResourceBuilder resource) => resource
            .AddService("iterative-dpo", serviceVersion: EngineInfo.ProgramVersion, serviceInstanceId: instance)
            .AddEnvironmentVariableDetector();
    }

    /// <returns>Null where it is off.</returns>
    /// <exception cref="UserInputException">There is no such way out, or a variable <c>OTEL_…</c> cannot be used.</exception>
    public static TelemetryExport? Start(ImmutableArray<string> ways, string instance)
    {
        Check(ways);
        try
        {
            return ways.IsEmpty ? null : new TelemetryExport(ways, instance);
        }
        catch (Exception e) when (e is ArgumentException or UriFormatException)
        {
            throw new UserInputException($"--telemetry: {e.Message} Check the variables OTEL_…", e);
        }
    }

    /// <exception cref="UserInputException">There is no such way out.</exception>
    public static void Check(ImmutableArray<string> ways)
    {
        if (ways.FirstOrDefault(way => way is not (Otlp or Prometheus)) is { } unknown)
        {
            throw new UserInputException($"--telemetry {unknown}: write {Otlp}, {Prometheus}, or both with a comma.");
        }
    }

    public void Map(WebApplication app)
    {
        if (_isScraped)
        {
            app.MapPrometheusScrapingEndpoint("/metrics", _meters, configureBranchedPipeline: null, optionsName: null);
        }
    }

    /// <summary>Sends what was not sent yet.</summary>
    public void Dispose()
    {
        _traces?.Dispose();
        _meters.Dispose();
    }
}
