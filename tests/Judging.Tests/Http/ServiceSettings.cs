using IterativeDpo.Judging.Http;

namespace IterativeDpo.Judging.Tests.Http;

internal static class ServiceSettings
{
    /// <summary>A service without key, limits or budget; with three tries, and a time-out that no test waits for.</summary>
    public static ServiceOptions Of(string url) =>
        new(url, "small", "", true, 5, TimeSpan.FromHours(1), 2, TimeSpan.FromSeconds(8), 0, 4, 0, 0);
}
