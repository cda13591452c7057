using System.Net;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Judging.Tests.Http;

public sealed class ServiceFailureTests
{
    private readonly ServiceFailure _failure = new("judge", ServiceSettings.Of("http://localhost"), text => text);

    [Fact]
    public void Of_anErrorWithHalfASurrogatePair_quotesItAsItIsWritten() => Assert.Contains(
            @"(""\ud800"")",
            _failure.Of(new ServiceReply(HttpStatusCode.BadRequest, """{"error":{"message":"\ud800"}}""")).Message,
            StringComparison.Ordinal);

    /// <summary>Otherwise the answer beside the error would count.</summary>
    [Theory]
    [InlineData("""{"error":{"message":"\ud800"},"choices":[{"message":{"content":"A"}}]}""")]
    [InlineData("""{"choices":[{"message":{"content":"A"},"error":"\ud800"}]}""")]
    public void Within_anErrorWithHalfASurrogatePair_isAnError(string body) => Assert.Contains(
        @"with an error (""\ud800"")", _failure.Within(new ServiceReply(HttpStatusCode.OK, body))!.Message, StringComparison.Ordinal);

    [Fact]
    public void Within_aFinishReasonThatIsNoText_isNone() => Assert.Null(
        _failure.Within(new ServiceReply(HttpStatusCode.OK, """{"choices":[{"message":{"content":"A"},"finish_reason":"\ud800"}]}""")));
}
