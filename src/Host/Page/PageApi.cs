using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Pairs;
using IterativeDpo.Host.Report;
using IterativeDpo.Judging.People;
using IterativeDpo.Judging.Quality;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IterativeDpo.Host.Page;

/// <summary>What the page shows, as JSON: <c>/api/…</c>, described by <c>/api/openapi.json</c>.</summary>
internal static class PageApi
{
    private const int MostItems = 500;

    public static void AddServices(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddOpenApi(document => document.AddDocumentTransformer((about, _, _) =>
        {
            (about.Info.Title, about.Info.Version) = ("dpo: a campaign's page as JSON", EngineInfo.ProgramVersion);
            about.Servers = [];
            return Task.CompletedTask;
        }));
    }

    public static void Map(WebApplication app, PageData data)
    {
        app.MapOpenApi("/api/openapi.json");
        var api = app.MapGroup("/api");
        api.MapGet("/campaign", () => Campaign(data, data.Feed.Now())).WithSummary("How the campaign is now.");
        api.MapGet("/rounds", (int? page, int? size) =>
        {
            var state = data.Feed.Now().State;
            return Paged(state.Rounds, page, size, round => Round(state, round));
        }).WithSummary("All rounds that have begun, the base's evaluation first.");
        api.MapGet("/rounds/{round}", (int round) => Round(data.Feed.Now().State, RoundOf(data, round))).WithSummary("One round.");
        api.MapGet(
                "/rounds/{round}/steps",
                (int round, int? page, int? size) => Paged(data.Steps(RoundOf(data, round)), page, size, step => step))
            .WithSummary("A round's optimiser steps with their metrics, by TRL's names; those of a training under way too.");
        api.MapGet("/rounds/{round}/scores", (int round) => Scores(data.Scores(RoundOf(data, round))))
            .WithSummary("A round's samples by score.");
        api.MapGet("/pairs", Pairs).WithSummary("Preference pairs, searched.");
        api.MapGet(
                "/pairs/{id}",
                (string id) =>
                    data.Find(data.Feed.Now(), id) is var found ? new ApiWholePair($"{found.Id}", found.Pair, found.Source) : null)
            .WithSummary("Everything that made a pair.");
        api.MapGet("/judges", () => Judges(data, data.Feed.Now())).WithSummary("Who judges, and how well.");
        api.MapGet("/people", () => new ApiPeople(data.Feed.Now().People, PeopleView.Json(PeopleFigures.Of(data.Feed.People.Tasks()))))
            .WithSummary("What waits for people, and how far they agree.");
        api.MapGet("/log", (long? before, int? limit) => Log(data, before, limit))
            .WithSummary("What happened before an event of the journal, the newest last.");
        api.MapGet("/settings", () => Results.Text(OptionsJson.Write(data.Options), "application/json"))
            .WithSummary("The resolved configuration.");

        ApiPage<ApiPair> Pairs(
            HttpContext context,
            int? round,
            string? task,
            string? judge,
            [FromQuery(Name = "min_margin")] double? minMargin,
            string? prompt,
            string? contains,
            string? sort,
            int? page,
            int? size)
        {
            var (number, most) = PageOf(page, size);
            var query = QueryOf(context.Request.Query);
            var found = data.Pairs.Find(
                data.Feed.Now().State.Rounds,
                query.Filter,
                query.Order,
                Skip(number, most),
                most,
                context.RequestAborted);
            return new([.. found.Pairs.Select(Pair)], found.Total, number, most);
        }
    }

    /// <summary>What an address asks of the pairs; what it leaves out or leaves empty does not matter.</summary>
    /// <exception cref="RequestException">A part of it means nothing.</exception>
    public static PairQuery QueryOf(IQueryCollection query)
    {
        return new(
            new PairFilter(
                Number("round", int.MaxValue), Text("task"), Text("judge"), Margin(), Text("prompt"), Text("contains")),
            Text("sort") is not { } sort ? PairSort.Made
                : Enum.TryParse<PairSort>(sort, ignoreCase: true, out var order) && Enum.IsDefined(order) ? order
                : throw new RequestException(
                    $"sort={sort}: write one of {string.Join(", ", Enum.GetNames<PairSort>()).ToLowerInvariant()}"),
            Math.Max(1, Number("page", 1_000_000) ?? 1));

        string? Text(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

        int? Number(string name, int most) =>
            Text(name) is not { } text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most ? number
            : throw new RequestException($"{name}={text}: write a whole number up to {most}");

        double? Margin() => Text("min_margin") is not { } text ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var margin) && double.IsFinite(margin) ? margin
            : throw new RequestException($"min_margin={text}: write a number");
    }

    private static ApiCampaign Campaign(PageData data, CampaignNow now)
    {
        var stage = now.Stage is { } running
            ? new ApiStage(
                running.View.Title,
                running.View.Done,
                running.View.Total,
                running.View.Detail,
                running.PerSecond,
                running.Left?.TotalSeconds)
            : null;
        return new(
            now.State.Plan?.Campaign,
            data.Feed.StatePath,
            now.Status,
            now.State.PauseReason,
            now.Process,
            now.State.Rounds.Count(round => round is { Number: > 0, Outcome: not null }),
            now.State.Plan?.Rounds,
            stage,
            now.RoundsLeft?.TotalSeconds,
            now.Events,
            now.Events == 0 ? null : now.State.StartedAt,
            [.. CampaignPage.Troubles(now), .. now.HasBaseline ? JudgesSection.WarningsOf(data.Judges(now)) : []],
            now.State.Origin);
    }

    private static ApiRound Round(CampaignState state, RoundState round)
    {
        var held = round.HeldOut;
        (double Low, double High)? interval = held.Total > 0 ? Interval.Wilson(held.Accuracy(), held.Total) : null;
        return new(
            round.Number,
            ReportBuilder.OutcomeOf(round),
            held.Total > 0 ? held.Accuracy() : null,
            interval?.Low,
            interval?.High,
            held.Total,
            SummaryBuilder.Accuracies(round),
            round.Prompts,
            round.SampleCount,
            round.GeneratedTokens,
            round.Pairs?.PairCount ?? 0,
            round.Pairs?.Ties ?? 0,
            round.DroppedPrompts,
            round.Training?.Adapter.Hex,
            round.Training?.Metrics,
            SummaryBuilder.Seconds(round),
            GateSummary.Of(round.Gate),
            SummaryBuilder.Sets(round),
            Watch.Of(state, round),
            KlSummary.Of(round.Divergence));
    }

    private static ApiScores Scores(ScoreCounts scores) =>
        new([.. scores.Scores.Select(score => new ApiScore(score.Key, score.Value))], scores.Abstained, scores.Failed);

    private static ApiPair Pair(FoundPair found) => new(
        $"{found.Id}",
        found.Source.Round,
        found.Source.Task,
        found.Pair.PromptId,
        found.Source.PromptText,
        found.Source.ChosenText,
        found.Source.RejectedText,
        found.Source.ChosenScore, found.Source.RejectedScore, found.Pair.ChosenProbability, found.Source.Judge);

    private static ApiJudges Judges(PageData data, CampaignNow now) => new(
        [.. ConfiguredJudges.Of(data.Options).Select(judge => new ApiJudge(judge.Name, judge.Type, judge.Use))],
        [.. data.Judges(now).Select(round => new ApiJudgeRound(
            round.Round,
            round.Judge,
            round.Graded ? "held_out_answers" : "samples",
            QualityView.Json(round.Figures),
            round.Warnings,
            round.AsAtFirst.Value)),
],
        data.Unmeasured(now));

    private static ApiPage<ApiEvent> Log(PageData data, long? before, int? limit)
    {
        var now = data.Feed.Now();
        var (_, most) = PageOf(1, limit ?? LogPage.Events);
        var events = data.Feed.Before(before ?? now.Events + 1, most);
        return new(
            [.. events.Select(item => new ApiEvent(
                item.Number,
                item.Event.At,
                item.Event.GetType().Name,
                EventWords.RoundOf(item.Event),
                EventWords.Of(item.Event),
                EventWords.IsBad(item.Event))),
        ],
            (int)now.Events,
            1,
            most);
    }

    private static RoundState RoundOf(PageData data, int number) =>
        data.Feed.Now().Round(number) ?? throw new UserInputException($"there is no round {number} yet");

    private static ApiPage<TTo> Paged<TFrom, TTo>(IReadOnlyList<TFrom> all, int? page, int? size, Func<TFrom, TTo> view)
    {
        var (number, most) = PageOf(page, size);
        return new([.. all.Skip(Skip(number, most)).Take(most).Select(view)], all.Count, number, most);
    }

    private static int Skip(int page, int size) => (int)Math.Min(int.MaxValue, (long)(page - 1) * size);

    private static (int Page, int Size) PageOf(int? page, int? size) =>
        (page ?? 1, size ?? 100) is var (number, most) && number >= 1 && most is >= 1 and <= MostItems
        ? (number, most)
        : throw new RequestException($"page is from 1, and size and limit are from 1 to {MostItems}");
}
