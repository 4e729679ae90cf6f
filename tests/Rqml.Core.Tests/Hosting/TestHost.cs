using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Rqml.Hosting;

namespace Rqml.Core.Tests.Hosting;

/// <summary>A real generic host with Rqml inside.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongTick = TimeSpan.FromSeconds(1);      // well below the time after which a silent node is suspect
    private static readonly TimeSpan LongTime = TimeSpan.FromMinutes(5);
    private readonly IHost _host;
    private readonly FakeTimeProvider? _time;

    private TestHost(IHost host, FakeTimeProvider? time) => (_host, _time) = (host, time);

    public IServiceProvider Services => _host.Services;

    public IRqmlClient Client => _host.Services.GetRequiredService<IRqmlClient>();

    public IHost Host => _host;

    public NodeRuntime Main => _host.Services.GetRequiredService<RqmlHost>().Main;

    public static async Task<TestHost> StartAsync(Action<IRqmlBuilder> configure, Action<IServiceCollection>? services = null, FakeTimeProvider? time = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (time is not null) builder.Services.AddSingleton<TimeProvider>(time);
        services?.Invoke(builder.Services);
        builder.Services.Configure<RqmlOptions>(options => options.DrainTimeout = TimeSpan.Zero);      // a pass that the test never lets go holds up no stop
        builder.Services.AddRqml(configure);
        var host = builder.Build();
        try
        {
            await host.StartAsync();
        }
        catch
        {
            host.Dispose();
            throw;
        }

        return new TestHost(host, time);
    }

    /// <summary>Waits for a step and names it if it does not come.</summary>
    public static Task<T> Step<T>(string step, Task<T> task) => TestStep.Of(step, task);

    /// <summary>Lets the host's time pass until a step has come; the engine handles each tick before the next.</summary>
    public async Task<T> Pass<T>(string step, Task<T> task)
    {
        await Pass(step, (Task)task);
        return await task;
    }

    public Task Pass(string step, Task task) => PassAsync(step, () => task.IsCompleted, Tick);

    /// <summary>Lets the host's time pass by so much.</summary>
    public Task Pass(TimeSpan time)
    {
        var until = _time!.GetUtcNow() + time;
        return PassAsync($"{time} of the host's time", () => _time.GetUtcNow() >= until, time < LongTime ? Tick : LongTick);
    }

    /// <summary>Turns a condition's own crank until it holds, and names it if it never does: for what no task announces.</summary>
    public static async Task Until(string step, Func<bool> holds)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            if (TimeProvider.System.GetElapsedTime(deadline) > TestStep.Limit) throw new TimeoutException($"'{step}' did not come within {TestStep.Limit.TotalSeconds} s.");
            await Task.Delay(1);      // what it waits for may need this core
        }
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        // A stop may wait for time to pass, as of a run that does not end: then it passes.
        var stopping = _host.StopAsync();
        while (!stopping.IsCompleted && _time is not null)
        {
            _time.Advance(Tick);
            await Task.Yield();
        }

        await stopping;
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }

    private async Task PassAsync(string step, Func<bool> hasCome, TimeSpan tick)
    {
        var limit = System.Diagnostics.Stopwatch.StartNew();
        while (!hasCome())
        {
            if (limit.Elapsed > TestStep.Limit) throw new TimeoutException($"'{step}' did not come within {TestStep.Limit.TotalSeconds} s, and {_time!.GetUtcNow() - DateTimeOffset.UnixEpoch} of the host's time.");
            _time!.Advance(tick);
            for (var round = 0; round < 3; round++) await RoundAsync();
        }
    }

    /// <summary>A question to the node waits for its turn in the loop: whatever was due is done by then.</summary>
    private async Task RoundAsync()
    {
        if (Main.IsStopped || Main.Failure.Task.IsCompleted || Main.Node is not { } node) await Task.Yield();
        else await node.GetQueuesAsync().AsTask().WaitAsync(TestStep.Limit);
    }
}
