using System.Diagnostics;
using System.Reflection;

namespace Rqml.Samples.Tests.TwoProcesses;

/// <summary>The sample as a user starts it.</summary>
public sealed class TwoProcessesTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, typeof(TwoProcessesTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == "TwoProcesses").Value!);

    [Theory]
    [InlineData("3")]
    [InlineData("--transport", "tcp", "3")]
    [InlineData("--transport", "unix", "3")]
    [InlineData("--transport", "grpc", "3")]
    [InlineData("--transport", "zeromq", "3")]
    public async Task A_task_submitted_in_one_process_is_refined_in_another(params string[] words)
    {
        var (code, output, error) = await RunAsync(words);

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(["10.000000", "14.142136", "17.320508"], output.Select(line => line.Trim().Split(' ')[0]));
        Assert.All(output, line => Assert.Contains("Converged", line, StringComparison.Ordinal));
        Assert.All(output, line => Assert.EndsWith("on worker-1", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("x")]
    [InlineData("1", "2")]
    [InlineData("--transport", "tcp", "x")]
    [InlineData("--transport", "carrier-pigeon", "1")]
    [InlineData("--transport")]
    public async Task What_is_no_number_of_tasks_or_no_transport_is_answered_with_how_to_call_it(params string[] words)
    {
        var (code, output, error) = await RunAsync(words);

        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains("dotnet run -c Release --project samples/TwoProcesses", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string[] Output, string Error)> RunAsync(params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries), await error);
    }
}
