using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rqml.Benchmarks;

/// <summary>A generic host with one node and nothing else in it.</summary>
internal static class BenchmarkHost
{
    public static async Task<IHost> StartAsync(Action<IRqmlBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(configure);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
