using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rqml.Core.Tests.Hosting;

/// <summary>A real generic host with Rqml inside, and a limit on how long a test waits for a step.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(30);
    private readonly IHost _host;

    private TestHost(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public IRqmlClient Client => _host.Services.GetRequiredService<IRqmlClient>();

    public static async Task<TestHost> StartAsync(Action<IRqmlBuilder> configure, Action<IServiceCollection>? services = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        services?.Invoke(builder.Services);
        builder.Services.AddRqml(configure);
        var host = builder.Build();
        await host.StartAsync();
        return new TestHost(host);
    }

    /// <summary>Waits for a step and names it if it does not come.</summary>
    public static async Task<T> Step<T>(string step, Task<T> task)
    {
        try
        {
            return await task.WaitAsync(StepLimit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"'{step}' did not come within {StepLimit.TotalSeconds} s.");
        }
    }

    /// <summary>Turns a condition's own crank until it holds, and names it if it never does: for what no task announces.</summary>
    public static async Task Until(string step, Func<bool> holds)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            if (TimeProvider.System.GetElapsedTime(deadline) > StepLimit) throw new TimeoutException($"'{step}' did not come within {StepLimit.TotalSeconds} s.");
            await Task.Yield();
        }
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }
}
