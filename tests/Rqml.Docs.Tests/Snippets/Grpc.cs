using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.FaultProxy;

namespace Rqml.Docs.Tests.Snippets;

[Collection(Workplace.OneAtATime)]      // its web server writes to the console that others read
public sealed class Grpc
{
    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_host_listens_at_a_server_of_its_nodes_own()
    {
        var port = FreePort.Next();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        #region snippet
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoots.SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
            .AddGrpc(grpc => grpc.Listen = $"grpc://127.0.0.1:{port}"));
        #endregion
        using IHost host = builder.Build();
        await RunsAsync(host);
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_web_application_lets_its_own_server_take_the_links()
    {
        var port = FreePort.Next();
        #region snippet
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoots.SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
            .AddGrpc(grpc => grpc.Listen = $"grpc://localhost:{port}"));
        WebApplication app = builder.Build();
        app.MapRqmlGrpc();
        #endregion
        await using var running = app;
        await RunsAsync(app);
    }

    private static async Task RunsAsync(IHost host)
    {
        await host.StartAsync();
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(SquareRoots.SquareRoot, new Number(4));
        Assert.Equal(Outcome.Converged, (await task.Completion).Outcome);
        await host.StopAsync();
    }
}
