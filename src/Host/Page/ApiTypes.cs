using IterativeDpo.Campaigns;
using IterativeDpo.Host.Report;
using IterativeDpo.Judging.People;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Page;

// What GET /api/… answers, in snake case. Shares are from 0 to 1, times are UTC, names are part of the contract.

/// <param name="Status">new, running, stopped (no process has it), paused, completed or cancelled.</param>
/// <param name="Process">The process that runs it.</param>
/// <param name="RoundsDone">Without the base's evaluation.</param>
/// <param name="SecondsLeft">Until the last round is done, by the rounds so far.</param>
/// <param name="Events">In its journal.</param>
/// <param name="Warnings">The worst first.</param>
internal sealed record ApiCampaign(
    string? Campaign,
    string State,
    string Status,
    string? PauseReason,
    int? Process,
    int RoundsDone,
    int? Rounds,
    ApiStage? Stage,
    double? SecondsLeft,
    long Events,
    DateTimeOffset? StartedAt,
    IReadOnlyList<string> Warnings,
    CampaignOrigin? Origin);

/// <param name="Done">Prompts or optimiser steps, of <paramref name="Total"/>.</param>
/// <param name="PerSecond">Since the stage began.</param>
internal sealed record ApiStage(string Title, int Done, int Total, string Detail, double? PerSecond, double? SecondsLeft);

/// <param name="Round">0 is the base's evaluation.</param>
/// <param name="Outcome">base, running, kept, rolled back or no pairs.</param>
/// <param name="HeldoutAccuracy">Null where it is not evaluated yet.</param>
/// <param name="Low">The 95 % interval's lower end.</param>
/// <param name="Dropped">Prompts that gave no pair.</param>
/// <param name="Gate">What it was kept or refused by; null where nothing was asked of it.</param>
/// <param name="Sets">What it was measured on beside the held-out prompts; null is nothing.</param>
/// <param name="Warnings">What is beyond its limit (campaign.watch).</param>
/// <param name="Kl">The policy's divergence from the base; null where it was not measured.</param>
internal sealed record ApiRound(
    int Round,
    string Outcome,
    double? HeldoutAccuracy,
    double? Low,
    double? High,
    int HeldoutPrompts,
    IReadOnlyDictionary<string, double> ByTask,
    int Prompts,
    int Samples,
    long GeneratedTokens,
    int Pairs,
    long Ties,
    int Dropped,
    string? AdapterSha256,
    IReadOnlyDictionary<string, double>? Train,
    SecondsSummary Seconds,
    GateSummary? Gate,
    IReadOnlyDictionary<string, SetSummary>? Sets,
    IReadOnlyList<string> Warnings,
    KlSummary? Kl);

/// <param name="Scores">Samples by score, which is rounded to two decimals.</param>
/// <param name="FailedPrompts">Prompts that the judge failed on.</param>
internal sealed record ApiScores(IReadOnlyList<ApiScore> Scores, int Abstained, int FailedPrompts);

internal sealed record ApiScore(double Score, int Samples);

internal sealed record ApiPair(
    string Id,
    int Round,
    string? Task,
    string PromptId,
    string PromptText,
    string ChosenText,
    string RejectedText,
    double ChosenScore,
    double RejectedScore,
    double ChosenProbability,
    string Judge);

/// <summary>Everything that made a pair, as <c>dpo pairs show --json</c> prints it.</summary>
internal sealed record ApiWholePair(string Id, PreferencePair Pair, PairProvenance Provenance);

/// <param name="Measured">How each did by round; those not measured yet are left out.</param>
internal sealed record ApiJudges(IReadOnlyList<ApiJudge> Judges, IReadOnlyList<ApiJudgeRound> Measured, int RoundsToMeasure);

internal sealed record ApiJudge(string Name, string Type, string Use);

/// <param name="Of">samples or held_out_answers.</param>
/// <param name="Quality">As <c>dpo judges --json</c> prints it.</param>
/// <param name="AsAtFirst">Share of the first round's pairs on which it prefers what it preferred at first; null where it was not asked
/// again.</param>
internal sealed record ApiJudgeRound(int Round, string Judge, string Of, object Quality, IReadOnlyList<string> Warnings, double? AsAtFirst);

/// <param name="Figures">As <c>dpo judges --json</c> prints them.</param>
internal sealed record ApiPeople(PeopleCounts Counts, object Figures);

/// <param name="Kind">The event's type.</param>
internal sealed record ApiEvent(long Number, DateTimeOffset At, string Kind, int? Round, string Text, bool IsBad);

/// <summary>A part of a list.</summary>
/// <param name="Total">How many there are in all.</param>
/// <param name="Page">From 1.</param>
internal sealed record ApiPage<T>(IReadOnlyList<T> Items, int Total, int Page, int Size);
