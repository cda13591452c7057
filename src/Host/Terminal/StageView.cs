using IterativeDpo.Actors;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Terminal;

/// <summary>What a person is shown of a campaign, or of one long job, at one moment: the stage that runs and how far it is.</summary>
/// <param name="Done">Prompts, optimiser steps or the like done, of <paramref name="Total"/>.</param>
/// <param name="Detail">Rates and figures of the work in hand, or empty.</param>
public sealed record StageView(string Title, int Done, int Total, string Detail)
{
    /// <summary>Of a campaign; null when no work is under way.</summary>
    public static StageView? Of(CampaignProgress progress)
    {
        if (progress.State is not { Plan: { } plan, Current: { } round } state
            || (progress.Work?.Id ?? Round.Due(state).FirstOrDefault()?.Id) is not { } id)
        {
            return null;
        }
        // A unit is judged while the next one is sampled: one bar stands for both.
        var stage = id.Stage switch { Stage.Judge => Stage.Sample, Stage.Grade => Stage.Evaluate, _ => id.Stage };
        var work = id.Stage == stage ? progress.Work : null;
        var title = $"{(round.Number == 0 ? "baseline" : $"round {round.Number}/{plan.Rounds}")}: {Verb(stage)}";
        return stage switch
        {
            Stage.Sample => new(title, round.Prompts + (work?.Done ?? 0), plan.Prompts, Speed(round.Samples.Values, work)),
            Stage.Evaluate => new(
                title,
                round.Evaluations.Values.Sum(unit => unit.Prompts) + (work?.Done ?? 0),
                plan.EvaluationUnits(round.Number).Sum(unit => unit.Prompts),
                Speed(round.Evaluations.Values, work)),
            _ => new(title, work?.Done ?? 0, work?.Total ?? 1, Metrics(work)),
        };
    }

    private static string Verb(Stage stage) => stage switch
    {
        Stage.Sample => "sampling and judging",
        Stage.Pair => "pairing",
        Stage.Train => "training",
        Stage.Publish => "publishing",
        Stage.Anchor => "labelling again",
        _ => "evaluating",
    };

    /// <summary>Over the whole stage: a unit's first tokens come only after its first prompts.</summary>
    private static string Speed(IEnumerable<SampleResult> units, WorkProgress? work)
    {
        var tokens = units.Sum(unit => unit.Tokens) + (work?.Tokens ?? 0);
        var seconds = units.Sum(unit => unit.Seconds) + (work?.Seconds ?? 0);
        return tokens > 0 && seconds > 0 ? $"{tokens / seconds:N0} tokens/s" : "";
    }

    private static string Metrics(WorkProgress? work) =>
        work is not null && work.Metrics.TryGetValue("loss", out var loss)
            ? $"loss {loss:F3}, margin {work.Metrics.GetValueOrDefault("rewards/margins"):F2}"
            : "";
}
