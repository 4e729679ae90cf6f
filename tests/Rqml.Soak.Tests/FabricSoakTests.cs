using Rqml.Soak.Fabric;
using Xunit.Abstractions;

namespace Rqml.Soak.Tests;

/// <summary>The short form of the fabric's soak: real processes, real sockets, real kills and stops.</summary>
public sealed class FabricSoakTests(ITestOutputHelper output)
{
    public static TheoryData<string> Transports => [.. RealTransport.All.Select(transport => transport.Name)];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Messages_arrive_once_and_in_order_through_links_that_are_cut(string name) =>
        Assert.True(await HoldsAsync(words => new MessageSoak(RealTransport.Named(name), messages: 500_000, cuts: 5, words).RunAsync()));

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Tasks_of_processes_that_are_killed_are_settled_once(string name) =>
        Assert.True(await HoldsAsync(words => new TaskSoak(RealTransport.Named(name), restarts: 2, seed: 1, words).RunAsync()));

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Where_a_submitter_a_scheduler_and_workers_are_processes_apart_tasks_of_a_worker_that_is_killed_are_settled_once(string name) =>
        Assert.True(await HoldsAsync(words => new ApartSoak(RealTransport.Named(name), seed: 1, words).RunAsync()));

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_worker_that_is_stopped_stops_nobody_else_and_comes_back(string name) =>
        Assert.True(await HoldsAsync(words => new StopSoak(RealTransport.Named(name), seed: 1, words).RunAsync()));

    private async Task<bool> HoldsAsync(Func<TextWriter, Task<bool>> soak)
    {
        var words = new StringWriter();
        var holds = await soak(words);
        output.WriteLine(words.ToString());
        return holds;
    }
}
