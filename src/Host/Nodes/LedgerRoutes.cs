using System.Globalization;
using System.Text.RegularExpressions;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Judging.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using static IterativeDpo.Host.Nodes.BlobRoutes;

namespace IterativeDpo.Host.Nodes;

/// <summary>
/// What the judges of a cluster asked services and were answered, over HTTP, on coordinators: GET <c>/ledger/CAMPAIGN/JUDGE?after=COUNT</c>
/// gives the next entries, a line each; PUT <c>/ledger/CAMPAIGN/JUDGE/COUNT</c> adds one to so many, or is answered 409 and those that were
/// there already.
/// </summary>
internal static partial class LedgerRoutes
{
    /// <param name="ledger">Null where the node is no coordinator.</param>
    public static void MapLedger(this IEndpointRouteBuilder routes, Func<LedgerDatabase?> ledger)
    {
        routes.MapMethods("/ledger/{campaign}/{judge}", [HttpMethods.Get],
            context => AnswerAsync(context, ledger(), (string?)context.Request.Query["after"] ?? "0", GiveAsync));
        routes.MapMethods("/ledger/{campaign}/{judge}/{number}", [HttpMethods.Put],
            context => AnswerAsync(context, ledger(), Part(context, "number"), TakeAsync));
    }

    private static async Task AnswerAsync(
        HttpContext context,
        LedgerDatabase? ledger,
        string count,
        Func<HttpContext, Log, long, Task> answer)
    {
        var (campaign, judge) = (Part(context, "campaign"), Part(context, "judge"));
        if (ledger is null)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "this node is no coordinator");
        }
        else if (!Name().IsMatch(campaign) || !Name().IsMatch(judge))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "this is no campaign's or no judge's name");
        }
        else if (!long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "this is no number of entries");
        }
        else
        {
            await answer(context, new Log(ledger, campaign, judge), number);
        }
    }

    private static async Task GiveAsync(HttpContext context, Log log, long after)
    {
        var (ledger, campaign, judge) = log;
        context.Response.ContentType = "application/x-ndjson";
        foreach (var entry in await ledger.ReadAsync(campaign, judge, after, context.RequestAborted))
        {
            await context.Response.BodyWriter.WriteAsync(entry, context.RequestAborted);
            await context.Response.BodyWriter.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
        }
    }

    private static async Task TakeAsync(HttpContext context, Log log, long number)
    {
        if (await ReadAsync(context) is not { } entry)
        {
            await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, $"an entry has {ILedger.MostSharedBytes:N0} bytes at most");
        }
        else if (entry.Contains((byte)'\n') || CallEntry.Lines.TryParse(entry) is null)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "this is no entry of a ledger");
        }
        else if (await log.Ledger.AppendAsync(log.Campaign, log.Judge, number, entry, context.RequestAborted))
        {
            context.Response.StatusCode = StatusCodes.Status201Created;
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status409Conflict;
            await GiveAsync(context, log, number);
        }
    }

    /// <summary>Null where it is too long.</summary>
    private static async Task<byte[]?> ReadAsync(HttpContext context)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = ILedger.MostSharedBytes;
        try
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            return body.ToArray();
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return null;
        }
    }

    private static string Part(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}\z")]
    private static partial Regex Name();

    private sealed record Log(LedgerDatabase Ledger, string Campaign, string Judge);
}
