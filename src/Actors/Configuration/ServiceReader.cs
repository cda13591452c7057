using System.Text.RegularExpressions;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Actors.Configuration;

/// <summary>Reads where a service is and how much of it may be used: the keys of <c>judging.types.http</c>.</summary>
internal static class ServiceReader
{
    /// <exception cref="UserInputException">A value out of range; a key in the place of the variable that has it is not repeated.</exception>
    public static ServiceOptions Read(SettingsReader judge) => new(
        ReadUrl(judge),
        judge.RequiredText("model"),
        ReadKeyVariable(judge),
        judge.Switch("logprobs"),
        judge.Int("top-logprobs", 2, 100),
        judge.Duration("timeout"),
        judge.Int("retries", 0, 100),
        judge.Duration("back-off"),
        judge.Int("requests-per-minute", 0, 1_000_000),
        judge.Int("concurrency", 1, 1024),
        judge.Int("budget-calls", 0),
        judge.Long("budget-tokens", 0, long.MaxValue),
        judge.Choice<TokenLimit>("token-limit"));

    private static string ReadUrl(SettingsReader judge)
    {
        var text = judge.RequiredText("url");
        // Whatever is before an @ or after a ? may be a key: it is not repeated.
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0 && url.Query.Length == 0
            ? text
            : throw judge.Invalid("url", "", "it must be an address that begins with http:// or https://, such as https://api.openai.com/v1, without a password or a query");
    }

    private static string ReadKeyVariable(SettingsReader judge)
    {
        var name = judge.Text("key-variable");
        return Regex.IsMatch(name, "^([A-Z_][A-Z0-9_]*)?$")
            ? name
            : throw judge.Invalid("key-variable", "", "it must be the name of an environment variable in capitals, such as OPENAI_API_KEY, or empty; the key itself belongs into that variable and into no file");
    }
}
