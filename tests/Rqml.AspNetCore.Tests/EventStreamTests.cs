using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Rqml.AspNetCore.Tasks;

namespace Rqml.AspNetCore.Tests;

public sealed class EventStreamTests
{
    [Fact]
    public async Task A_task_is_followed_from_its_status_over_its_iterations_to_its_result()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml, freely: 3));
        var id = await host.SubmitAsync("7", "class=waits");
        await gate.Running;
        using var response = await OpenAsync(host, $"/tasks/{id}/events?artifacts=true");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        List<SseItem<string>> events = [];
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            if (events.Count == 0)
            {
                await host.UntilWatchedAsync(id);
                gate.Release();
            }

            events.Add(item);
        }

        Assert.Equal("status", events[0].EventType);
        Assert.All(events[1..^1], item => Assert.Equal("iteration", item.EventType));
        Assert.NotEmpty(events[1..^1]);
        var iteration = JsonDocument.Parse(events[^2].Data).RootElement;
        Assert.Equal((events[^2].EventId, 7.0), (iteration.GetProperty("number").GetInt32().ToString(System.Globalization.CultureInfo.InvariantCulture), iteration.GetProperty("artifact").GetDouble()));
        Assert.Equal(("result", "result"), (events[^1].EventType, events[^1].EventId));
        Assert.Equal("converged", JsonDocument.Parse(events[^1].Data).RootElement.GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Whoever_comes_again_gets_what_it_has_not_seen()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml, freely: 3));
        var id = await host.SubmitAsync("7", "class=waits");
        await gate.Running;
        gate.Release();
        var all = await ReadAsync(host, $"/tasks/{id}/events");
        Assert.Equal("result", all[^1].EventType);
        var rest = await ReadAsync(host, $"/tasks/{id}/events", lastEventId: "3");
        Assert.All(rest.Where(item => item.EventType == "iteration"), item => Assert.True(int.Parse(item.EventId!, System.Globalization.CultureInfo.InvariantCulture) > 3));
        using var done = await OpenAsync(host, $"/tasks/{id}/events", lastEventId: "result");
        Assert.Equal(204, (int)done.StatusCode);
        using var strange = await OpenAsync(host, $"/tasks/{id}/events", lastEventId: "-1");
        Assert.Equal(400, (int)strange.StatusCode);
    }

    [Fact]
    public async Task More_streams_than_the_host_takes_are_told_to_come_again_and_a_reader_that_leaves_makes_room()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml).AddHttpEndpoints(http => http.MaxEventStreams = 2));
        var id = await host.SubmitAsync("1", "class=waits");
        var first = await OpenAsync(host, $"/tasks/{id}/events");
        using var second = await OpenAsync(host, $"/tasks/{id}/events");
        using var third = await OpenAsync(host, $"/tasks/{id}/events");
        Assert.Equal((429, "urn:rqml:problem:too-many-streams"), ((int)third.StatusCode, JsonDocument.Parse(await third.Content.ReadAsStringAsync()).RootElement.GetProperty("type").GetString()));
        first.Dispose();
        await Condition.HoldsAsync("the place of the reader that has left is free", () => host.Services.GetRequiredService<EventStreams>().Open == 1);
        using var again = await OpenAsync(host, $"/tasks/{id}/events");
        Assert.Equal(200, (int)again.StatusCode);
        gate.Release();
    }

    [Fact]
    public async Task A_stopping_host_ends_its_streams_without_a_result_so_that_readers_come_again()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml));
        var id = await host.SubmitAsync("1", "class=waits");
        await gate.Running;
        using var response = await OpenAsync(host, $"/tasks/{id}/events");
        var stopped = host.StopAsync();
        var events = await ReadAsync(response);
        Assert.Equal(["status"], events.Select(item => item.EventType));
        gate.Release();
        await stopped.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static async Task<HttpResponseMessage> OpenAsync(WebHost host, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        return await host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<List<SseItem<string>>> ReadAsync(WebHost host, string path, string? lastEventId = null)
    {
        using var response = await OpenAsync(host, path, lastEventId);
        return await ReadAsync(response);
    }

    private static async Task<List<SseItem<string>>> ReadAsync(HttpResponseMessage response)
    {
        List<SseItem<string>> events = [];
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync()) events.Add(item);
        return events;
    }
}
