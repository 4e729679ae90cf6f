using Microsoft.Extensions.DependencyInjection;
using Rqml.AspNetCore.Tasks;

namespace Rqml.AspNetCore.Tests;

/// <summary>Readers that open a stream of events and take nothing of it. Alone, as it measures what the process holds.</summary>
[Collection(nameof(Alone))]
public sealed class SlowReaderTests
{
    [Fact]
    public async Task A_thousand_readers_that_read_nothing_cost_a_bounded_memory_and_hold_up_nobody()
    {
        const int readers = 1_000;
        const int places = 400;
        const int iterations = 200;
        var large = new TaskClass<int, string>("large");
        var begins = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await WebHost.StartAsync(rqml => rqml
            .AddHttpEndpoints(http => http.MaxEventStreams = places)
            .AddTaskClass(large, @class => @class
                .AddModel("fills", async (task, cancellationToken) =>
                {
                    await begins.Task.WaitAsync(cancellationToken);
                    await Task.Yield();
                    return $"{task.Iteration} {new string('x', 20_000)}";
                })
                .ConvergeWhenAll(Stability.Over(2)).Limit(iterations: iterations)));
        var streams = host.Services.GetRequiredService<EventStreams>();
        var id = await host.SubmitAsync("1", "class=large");
        RawClient[] clients = [.. Enumerable.Range(0, readers).Select(_ => new RawClient(host.Address))];
        await Parallel.ForEachAsync(clients, async (client, _) => await client.SendAsync($"GET /tasks/{id}/events?artifacts=true HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        await Condition.HoldsAsync("all places are taken", () => streams.Open == places);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        // All that nobody reads is 200 × 20 KB for each of 400: 1.6 GB. What is held for each is the server's buffer, and one event that waits for it.
        begins.SetResult();
        var settling = host.UntilAsync($"/tasks/{id}", (_, body) => body.GetProperty("state").GetString() == "settled");
        do Assert.Equal(200, (await host.GetAsync("/health").WaitAsync(TimeSpan.FromSeconds(5))).Status);
        while (!settling.IsCompleted);
        await settling;
        Assert.InRange(streams.Open, 0, places);      // what the machine's own buffers had room for has ended
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, places * (256L << 10));

        // Whoever came too late was told so, in words that a program understands.
        var told = await Task.WhenAll(clients.Select(client => client.ReadStatusAsync()));
        Assert.Equal((places, readers - places), (told.Count(status => status == 200), told.Count(status => status == 429)));
        foreach (var refused in clients.Where((_, i) => told[i] == 429))
        {
            var answer = await refused.ReadAsync();
            Assert.Contains("Retry-After: 5\r\n", answer, StringComparison.Ordinal);
            Assert.Contains("Content-Type: application/problem+json\r\n", answer, StringComparison.Ordinal);
            Assert.Contains("urn:rqml:problem:too-many-streams", answer, StringComparison.Ordinal);
        }

        foreach (var client in clients) await client.DisposeAsync();
        await Condition.HoldsAsync("readers that have gone leave their places", () => streams.Open == 0);
    }
}

/// <summary>For tests beside which no other runs.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711", Justification = "The framework calls it a collection.")]
public sealed class Alone;
