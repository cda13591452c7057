using IterativeDpo.Actors;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Report;

/// <summary>A campaign's report from its state directory.</summary>
public static class CampaignReport
{
    /// <summary>Writes the HTML file.</summary>
    /// <returns>The summary it opens with.</returns>
    public static CampaignSummary Write(CampaignState state, string statePath, string outputPath)
    {
        var options = CampaignReader.ReadSettings(statePath);
        var summary = SummaryBuilder.Build(state, statePath, EngineInfo.Describe());
        var store = StateDirectory.ArtifactsOf(statePath);
        ReportHtml.Write(ReportBuilder.Build(state, summary, options, store), outputPath);
        return summary;
    }
}
