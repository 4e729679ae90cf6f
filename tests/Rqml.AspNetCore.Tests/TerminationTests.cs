using System.Text.Json;
using Rqml.AspNetCore.Tests.Processes;

namespace Rqml.AspNetCore.Tests;

public sealed class TerminationTests
{
    [Fact]
    public async Task Nothing_that_was_taken_is_lost_by_twenty_terminations_at_full_load()
    {
        using var folder = new TemporaryFolder();
        for (var time = 0; time < 20; time++)
        {
            await using var web = await WebProcess.StartAsync(folder.Path);
            await BusyAsync(web);
            var (code, errors) = await web.TerminateAsync();
            Assert.True(code == 0, $"{code} {errors}");
        }

        await using (var last = await WebProcess.StartAsync(folder.Path, "finish"))
        {
            var (code, errors) = await last.EndAsync();
            Assert.True(code == 0, $"{code} {errors}");
        }

        var journal = await File.ReadAllLinesAsync(Path.Combine(folder.Path, "journal"));
        var taken = journal.Where(line => line.StartsWith("taken ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]).ToArray();
        var settled = journal.Where(line => line.StartsWith("settled ", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToArray();
        Assert.True(taken.Length > 20 * 60, $"{taken.Length} tasks");
        Assert.Equal(taken.Order(StringComparer.Ordinal), settled.Select(words => words[1]).Order(StringComparer.Ordinal));      // each once
        Assert.All(settled, words => Assert.Equal("Converged", words[2]));
    }

    /// <summary>Every lane at work, and more waiting, five times in a row.</summary>
    private static async Task BusyAsync(WebProcess web)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        for (var times = 0; times < 5;)
        {
            using var stats = JsonDocument.Parse(await web.Http.GetStringAsync(new Uri("/queue_stats", UriKind.Relative), limit.Token));
            var worker = stats.RootElement.GetProperty("worker");
            times = worker.GetProperty("running").GetInt32() == LoadedHost.Lanes && worker.GetProperty("inbound").GetProperty("waiting").GetInt32() > 0 ? times + 1 : 0;
            await Task.Delay(20, limit.Token);
        }
    }
}
