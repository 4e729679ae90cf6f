using System.Diagnostics;

namespace Rqml.Samples.Tests.ChatRefinement;

/// <summary>The sample as a user starts it, without a network.</summary>
public sealed class ChatRefinementTests
{
    /// <summary>In the sample's own folder, which lies beside that of these tests.</summary>
    private static readonly string Program = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "../../../../../samples/ChatRefinement/bin", Path.GetFileName(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, ".."))), "net10.0/ChatRefinement.dll"));

    [Fact]
    public async Task A_text_is_drafted_criticised_and_revised_offline()
    {
        var (code, output, _) = await RunAsync("--offline");

        Assert.Equal(0, code);
        Assert.Equal(["1. small", "2. small", "3. small", "4. large"], output.Where(line => char.IsAsciiDigit(line[0])).Select(line => line.Split(':')[0]));
        Assert.Equal(["critic: Reject", "critic: Reject", "critic: Accept"], output.Where(line => line.StartsWith("critic: ", StringComparison.Ordinal)).Select(line => line.Split('.')[0]));
        Assert.Contains(output, line => line.StartsWith("Converged after 4 iterations and 4 passes, for 0.00", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_prints_the_usage_and_ends_well()
    {
        var (code, output, error) = await RunAsync("--help");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains(output, line => line.Contains("--offline", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--model is 'one'; it takes two names with a comma between them.", "--model", "one")]
    [InlineData("--endpoint is 'here'; it takes an address that begins with http:// or https://.", "--endpoint", "here")]
    [InlineData("--endpoint has no value.", "--endpoint")]
    [InlineData("--offlin is no option.", "--offlin")]
    [InlineData("The environment variable OPENAI_API_KEY is not set; --offline needs none.")]
    public async Task What_it_cannot_do_is_answered_with_how_to_call_it(string fault, params string[] words)
    {
        var (code, output, error) = await RunAsync(words);

        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.StartsWith(fault, error, StringComparison.Ordinal);
        Assert.Contains("--endpoint URL", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string[] Output, string Error)> RunAsync(params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("OPENAI_API_KEY");
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries), await error);
    }
}
