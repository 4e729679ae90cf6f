using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Rqml.Samples.Tests.Cluster;

/// <summary>The sample as a user starts it, with a real etcd.</summary>
public sealed partial class ClusterTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, typeof(ClusterTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == "Cluster").Value!);

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_worker_and_the_leader_are_killed_and_every_board_is_coloured_once()
    {
        var (code, output, error) = await RunAsync("--seconds", "3");

        Assert.True(code == 0, $"It ended with {code}: {output}{error}");
        Assert.Equal(4, BoardsASecond().Count(output));
        Assert.Contains("started again", output, StringComparison.Ordinal);
        var counts = Counts().Match(output);
        Assert.True(counts.Success, output);
        Assert.InRange(int.Parse(counts.Groups["submitted"].Value, CultureInfo.InvariantCulture), 50, int.MaxValue);
        Assert.Equal(counts.Groups["submitted"].Value, counts.Groups["settled"].Value);
        Assert.Equal(counts.Groups["submitted"].Value, counts.Groups["proper"].Value);
    }

    [Theory]
    [InlineData("--seconds is '1'", "--seconds", "1")]
    [InlineData("--etcd is 'here'", "--etcd", "here")]
    [InlineData("--nodes is no option", "--nodes", "5")]
    [InlineData("--etcd has no value", "--etcd")]
    public async Task What_it_cannot_begin_with_is_named(string message, params string[] words)
    {
        var (code, output, error) = await RunAsync(words);

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_etcd_on_the_machine_it_says_how_to_get_it()
    {
        var (code, output, error) = await RunAsync(start => start.Environment["PATH"] = "/nowhere");

        Assert.Equal((2, ""), (code, output));
        Assert.Contains("apt-get install etcd-server", error, StringComparison.Ordinal);
        Assert.Contains("--etcd", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_it_has_started_ends_with_it_though_it_is_killed()
    {
        var folder = Directory.CreateTempSubdirectory("rqml-cluster-tests-").FullName;
        using var limit = new CancellationTokenSource(Limit);
        using var process = Start(start => start.Environment["TMPDIR"] = folder, "--seconds", "60");
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line && !line.StartsWith("etcd at", StringComparison.Ordinal)) { }
            process.Kill();
            await process.StandardError.ReadToEndAsync(limit.Token);      // etcd and the nodes have it too: it ends with the last of them
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(params string[] words) => RunAsync(_ => { }, words);

    private static async Task<(int Code, string Output, string Error)> RunAsync(Action<ProcessStartInfo> configure, params string[] words)
    {
        using var process = Start(configure, words);
        using var limit = new CancellationTokenSource(Limit);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(Action<ProcessStartInfo> configure, params string[] words)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Program, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true };
        configure(start);
        return Process.Start(start)!;
    }

    [GeneratedRegex(@"^ *[0-9.]+ boards a second: ", RegexOptions.Multiline)]
    private static partial Regex BoardsASecond();

    [GeneratedRegex(@"(?<submitted>\d+) boards submitted, (?<settled>\d+) settled, (?<proper>\d+) with a colouring that a recount finds proper; 0 lost")]
    private static partial Regex Counts();
}
