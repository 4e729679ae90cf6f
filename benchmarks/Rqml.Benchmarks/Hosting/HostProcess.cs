using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Benchmarks.Ratios;

namespace Rqml.Benchmarks.Hosting;

/// <summary>A process that hosts an idle node on an empty store, beside one that hosts nothing: how much later it is up, what it takes of a processor, and of memory.</summary>
internal static class HostProcess
{
    private const string Ready = "ready";
    private const int Runs = 3;
    private static readonly TimeSpan SettleFor = TimeSpan.FromSeconds(20);      // the runtime goes on compiling for a while
    private static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(5);
    private static readonly TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Class = new("idle");

    public static async Task<Figure> MeasureAsync()
    {
        var (empty, node) = (new List<Seen>(), new List<Seen>());
        for (var run = 0; run < Runs; run++)
        {
            empty.Add(await StartAsync("host-empty"));
            node.Add(await StartAsync("host-node"));
        }

        var start = Median(node, seen => seen.StartMs) - Median(empty, seen => seen.StartMs);
        var memory = (Median(node, seen => seen.Bytes) - Median(empty, seen => seen.Bytes)) / (1 << 20);
        var processor = Median(node, seen => seen.ProcessorShare);
        return new Figure(
            FormattableString.Invariant($"up {start:0} ms later, {memory:0.0} MB more, {processor:P2} of a core"),
            start < 300 && memory < 40 && processor < 0.01);
    }

    /// <summary>What the child does: it is up, says so, and waits until its input ends.</summary>
    public static async Task RunAsync(bool withNode)
    {
        var folder = Directory.CreateTempSubdirectory("rqml-bench-").FullName;
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        if (withNode)
        {
            builder.Services.AddRqml(rqml => rqml
                .AddTaskClass(Class, idle => idle.AddModel("same", (context, _) => new(new Refinement<ReadOnlyMemory<byte>>(context.Payload))))
                .UseRocksDb(folder));
        }

        using var host = builder.Build();
        await host.StartAsync();
        await Console.Out.WriteLineAsync(Ready);
        await Console.In.ReadLineAsync();
        await host.StopAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<Seen> StartAsync(string verb)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(HostProcess).Assembly.Location, verb]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start) ?? throw new InvalidOperationException("The child did not start.");
        if (await process.StandardOutput.ReadLineAsync() != Ready) throw new InvalidOperationException($"{verb} did not get ready.");
        var startMs = Stopwatch.GetElapsedTime(began).TotalMilliseconds;

        await Task.Delay(SettleFor);
        process.Refresh();
        var (worked, since) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
        await Task.Delay(IdleFor);
        process.Refresh();
        var share = (process.TotalProcessorTime - worked) / Stopwatch.GetElapsedTime(since);
        var seen = new Seen(startMs, process.WorkingSet64, share);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{verb} ended with {process.ExitCode}.");
        return seen;
    }

    private static double Median(List<Seen> seen, Func<Seen, double> of) => seen.Select(of).Order().ElementAt(seen.Count / 2);

    private sealed record Seen(double StartMs, double Bytes, double ProcessorShare);
}
