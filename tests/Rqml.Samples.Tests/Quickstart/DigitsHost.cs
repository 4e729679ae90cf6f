using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quickstart;
using Quickstart.Learning;

namespace Rqml.Samples.Tests.Quickstart;

/// <summary>A host that learns digits, in memory.</summary>
internal sealed class DigitsHost : IAsyncDisposable
{
    private readonly IHost _host;

    private DigitsHost(IHost host) => _host = host;

    public IRqmlClient Client => _host.Services.GetRequiredService<IRqmlClient>();

    public static async Task<DigitsHost> StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => rqml.AddTaskClass(LearnDigits.Class, digits => LearnDigits.Configure(digits, journal: null)));
        var host = builder.Build();
        await host.StartAsync();
        return new DigitsHost(host);
    }

    /// <summary>A sample of seed 1.</summary>
    public ValueTask<RefinementHandle<Classifier>> SubmitAsync(int number, SubmitOptions? options = null) => Client.SubmitAsync(LearnDigits.Class, new Sample(1, number), options);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
