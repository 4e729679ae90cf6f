using Rqml.Soak.Cluster;
using Xunit.Abstractions;

namespace Rqml.Soak.Tests;

/// <summary>The short form of the cluster's soak: a real etcd, real processes, each blow once. eng/kill-cluster runs the long one.</summary>
public sealed class ClusterSoakTests(ITestOutputHelper output)
{
    private const int Tasks = 60;

    [Fact]
    public async Task Whatever_dies_falls_silent_or_is_cut_off_in_a_cluster_nothing_is_lost_or_settled_twice_and_work_is_elsewhere_in_time()
    {
        using var words = new StringWriter();
        var holds = await new ClusterSoak(rounds: 1, Tasks, seed: 1, Tempo.Short, words).RunAsync();
        output.WriteLine(words.ToString());
        Assert.True(holds, words.ToString());
    }
}
