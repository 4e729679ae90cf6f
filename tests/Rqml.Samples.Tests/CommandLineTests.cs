using System.Diagnostics;

namespace Rqml.Samples.Tests;

/// <summary>What the programs answer to a command line, run as a user runs them: in a folder of the user's own.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("command-line-").FullName;

    public static TheoryData<string> Programs => ["Quickstart", "GraphColouring", "Rqml.DoesItPay"];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Help_prints_the_usage_and_ends_well(string program)
    {
        var (code, output, errors) = await RunAsync(program, "--help");
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("--help", output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("Quickstart", "--json", "", "--json is '', which cannot be written: ")]
    [InlineData("Quickstart", "--journal", "", "--journal is ''; it takes a folder.")]
    [InlineData("Quickstart", "--store", "", "--store is ''; it takes a folder.")]
    [InlineData("GraphColouring", "--json", "", "--json is '', which cannot be written: ")]
    [InlineData("GraphColouring", "--json", ".", "--json is '.', which cannot be written: ")]
    [InlineData("GraphColouring", "--store", "", "--store is ''; it takes a folder.")]
    [InlineData("Rqml.DoesItPay", "--out", "", "--out is ''; it takes a folder.")]
    public async Task What_cannot_be_written_to_is_refused_before_anything_runs(string program, string option, string value, string fault)
    {
        var (code, _, errors) = await RunAsync(program, option, value);
        Assert.Equal(2, code);
        Assert.StartsWith(fault, errors, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("Quickstart")]
    [InlineData("GraphColouring")]
    public async Task A_users_own_folder_is_no_store(string program)
    {
        var mine = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "a")).FullName, "mine");
        await File.WriteAllTextAsync(mine, "kept");

        var (code, _, errors) = await RunAsync(program, "--store", ".");

        Assert.Equal(2, code);
        Assert.StartsWith($"--store is '.', and '{Path.Combine(".", "a")}' there is not of this program", errors, StringComparison.Ordinal);
        Assert.Equal([mine], Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_plot_that_cannot_be_written_is_refused_before_anything_runs()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "does-it-pay-labelling.svg"));
        var (code, _, errors) = await RunAsync("Rqml.DoesItPay", "--out", ".");
        Assert.Equal(2, code);
        Assert.StartsWith($"--out is '{Path.Combine(".", "does-it-pay-labelling.svg")}', which cannot be written", errors, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(string program, params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{program}.dll"), .. words])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
            return (process.ExitCode, await output, await errors);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);      // it took the words and went to work
            throw;
        }
    }
}
