using IterativeDpo.Actors;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Host.Report;

/// <summary>A campaign's report from its state directory.</summary>
public static class CampaignReport
{
    /// <summary>Writes the HTML file.</summary>
    /// <param name="state">With the units of all rounds.</param>
    /// <returns>The summary it opens with.</returns>
    public static CampaignSummary Write(CampaignState state, string statePath, string outputPath) =>
        Write(state, CampaignReader.ReadSettings(statePath), StateDirectory.ArtifactsOf(statePath), statePath, outputPath);

    /// <param name="place">Where the campaign is stored, for people.</param>
    /// <inheritdoc cref="Write(CampaignState, string, string)"/>
    public static CampaignSummary Write(CampaignState state, CampaignOptions options, ArtifactStore store, string place, string outputPath)
    {
        var summary = SummaryBuilder.Build(state, place, EngineInfo.Describe());
        ReportHtml.Write(ReportBuilder.Build(state, summary, options, store), outputPath);
        return summary;
    }
}
