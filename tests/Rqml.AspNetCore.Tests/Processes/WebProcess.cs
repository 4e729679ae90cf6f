using System.Diagnostics;
using Rqml.FaultProxy;

namespace Rqml.AspNetCore.Tests.Processes;

/// <summary>A <see cref="LoadedHost"/> in a process of its own.</summary>
internal sealed class WebProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private WebProcess(Process process, Uri address)
    {
        (_process, Address) = (process, address);
        _errors = process.StandardError.ReadToEndAsync();
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(20) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public static async Task<WebProcess> StartAsync(string folder, string mode = "load")
    {
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(WebProcess).Assembly.Location, "web", url, folder, mode]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var web = new WebProcess(process, new Uri(url));
        var said = await process.StandardOutput.ReadLineAsync().WaitAsync(Limit);
        Assert.True(said == "ready", $"{said} {(said is null ? await web._errors : "")}");
        return web;
    }

    /// <summary>As an orchestrator ends a process; gives its exit code and what it complained of.</summary>
    public async Task<(int Code, string Errors)> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        return await EndAsync();
    }

    public async Task<(int Code, string Errors)> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return (_process.ExitCode, await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
