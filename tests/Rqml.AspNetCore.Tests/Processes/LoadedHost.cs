using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Rqml.AspNetCore.Tests.Processes;

/// <summary>
/// A web app with a node on disk, which keeps itself busy: more tasks are open than it has lanes, for as long as it lives. It writes down what it was told was taken, and
/// what it was told was settled, each line on disk before it goes on: its own word, not Rqml's.
/// </summary>
internal static class LoadedHost
{
    public const int Lanes = 4;
    private const int Open = 60;

    private static readonly TaskClass<int, int> Work = new("work");

    /// <param name="url">Where it listens.</param>
    /// <param name="folder">Of its store and its journal.</param>
    /// <param name="mode">"load", or "finish": submit nothing, see what is left through, and end.</param>
    public static async Task<int> RunAsync(string url, string folder, string mode)
    {
        Directory.CreateDirectory(folder);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(20));
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(Work, work => work
                .AddModel("counts", async (task, cancellationToken) =>
                {
                    await Task.Delay(20, cancellationToken);
                    return Math.Min(5, (task.HasArtifact ? task.Artifact : 0) + 1);
                })
                .ConvergeWhenAll(Stability.Over(2)))
            .UseRocksDb(Path.Combine(folder, "store"))
            .Configure(options => (options.Lanes, options.DrainTimeout, options.KeepResults) = (Lanes, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1)))
            .AddHttpEndpoints());
        await using var app = builder.Build();
        app.MapRqml();
        await app.StartAsync();

        using var journal = new Journal(Path.Combine(folder, "journal"));
        var client = app.Services.GetRequiredService<IRqmlClient>();
        var stopping = app.Lifetime.ApplicationStopping;
        var following = journal.Unsettled.Select(id => FollowAsync(id, client, journal)).ToList();
        Console.WriteLine("ready");
        if (mode == "finish")
        {
            await Task.WhenAll(following);
        }
        else
        {
            var submitting = Enumerable.Range(0, Open).Select(_ => SubmitAsync(client, journal, stopping)).ToArray();
            await app.WaitForShutdownAsync();
            await Task.WhenAll(submitting);
        }

        await app.StopAsync();
        return 0;
    }

    private static async Task SubmitAsync(IRqmlClient client, Journal journal, CancellationToken stopping)
    {
        try
        {
            for (var number = 0; !stopping.IsCancellationRequested; number++)
            {
                var task = await client.SubmitAsync(Work, number, cancellationToken: CancellationToken.None);
                journal.Write($"taken {task.Id}");
                var result = await task.Completion;
                journal.Write($"settled {task.Id} {result.Outcome}");
            }
        }
        catch (Exception error) when (error is ShuttingDownException or LedgerLostException)
        {
            // The host stops; what was taken is in the journal.
        }
    }

    private static async Task FollowAsync(TaskId id, IRqmlClient client, Journal journal)
    {
        try
        {
            var task = await client.AttachAsync(Work, id);
            var result = await task.Completion;
            journal.Write($"settled {id} {result.Outcome}");
        }
        catch (LedgerLostException)
        {
            // The host stops again; the next start follows it.
        }
    }

    private sealed class Journal : IDisposable
    {
        private readonly FileStream _file;
        private readonly Lock _lock = new();

        public Journal(string path)
        {
            var lines = File.Exists(path) ? File.ReadAllLines(path) : [];
            var settled = lines.Where(line => line.StartsWith("settled ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]).ToHashSet();
            Unsettled = [.. lines.Where(line => line.StartsWith("taken ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]).Where(id => !settled.Contains(id)).Select(id => TaskId.Parse(id))];
            _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        }

        public IReadOnlyList<TaskId> Unsettled { get; }

        public void Write(string line)
        {
            lock (_lock)
            {
                _file.Write(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
                _file.Flush(flushToDisk: true);
            }
        }

        public void Dispose() => _file.Dispose();
    }
}
