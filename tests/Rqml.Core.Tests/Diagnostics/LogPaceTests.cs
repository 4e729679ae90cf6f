using Rqml.Diagnostics;

namespace Rqml.Core.Tests.Diagnostics;

public sealed class LogPaceTests
{
    [Fact]
    public void Of_a_flood_one_line_in_ten_seconds_passes_and_all_are_counted()
    {
        var pace = new LogPace();
        var passed = Enumerable.Range(0, 25_000).Count(ms => pace.Passes(ms));

        Assert.Equal((3, 25_000), (passed, pace.Total));
    }
}
