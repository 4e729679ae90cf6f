using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Hosting;
using Rqml.Transports.Grpc;
using Rqml.V1;

namespace Rqml.Transports.Tests.Grpc;

/// <summary>A host that is no web application, its node's own server, and a client of another program.</summary>
internal sealed class GrpcHost : IAsyncDisposable
{
    private readonly IHost _host;

    private GrpcHost(IHost host)
    {
        _host = host;
        Channel = GrpcChannel.ForAddress(Address.AbsoluteUri.Replace("grpc://", "http://", StringComparison.Ordinal), new GrpcChannelOptions { MaxSendMessageSize = null });
        Client = new RqmlNode.RqmlNodeClient(Channel);
    }

    public IServiceProvider Services => _host.Services;

    public IRqmlClient Rqml => Services.GetRequiredService<IRqmlClient>();

    public NodeRuntime Node => Services.GetRequiredService<RqmlHost>().Main;

    public Uri Address => new(Node.Self.Endpoint);

    public GrpcChannel Channel { get; }

    public RqmlNode.RqmlNodeClient Client { get; }

    public static async Task<GrpcHost> StartAsync(Action<IRqmlBuilder>? configure = null, Action<GrpcOptions>? grpc = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development });
        builder.ConfigureContainer(new DefaultServiceProviderFactory(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true }));
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddGrpc(grpc).Configure(options => options.DrainTimeout = TimeSpan.Zero);
            configure?.Invoke(rqml);
        });
        var host = builder.Build();
        await host.StartAsync();
        return new GrpcHost(host);
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
