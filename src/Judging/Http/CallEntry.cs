using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Lines;

namespace IterativeDpo.Judging.Http;

/// <summary>A line of an <see cref="ILedger"/>: a call, or with an answer or a failure its outcome.</summary>
/// <param name="Request">The SHA-256 of the request.</param>
/// <param name="Failure">Why there is no answer, or why the one that came is none.</param>
/// <param name="Refused">The call cost nothing. Without a failure it was no try either: the user has something to put right.</param>
/// <param name="Forget">No call: answers and tries before this line do not count any more, what they cost does.</param>
/// <param name="By">Who wrote the line, where several do.</param>
public sealed record CallEntry(
    string Request,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] ChatAnswer? Answer = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] string? Failure = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Refused = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Forget = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] string? By = null)
{
    public static JsonLines<CallEntry> Lines { get; } = new(
        "not a stored call", "The file is damaged. Remove the line: if it was an answer, its question is then asked, and paid for, again.")
    {
        Json = new(JsonLines.Options) { Encoder = JavaScriptEncoder.Default },
    };

    /// <summary>Its bytes, with the line's end: equal entries have equal ones.</summary>
    public byte[] ToLine() => JsonLines.Line(this, Lines.Json);
}
