using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Hosting;

namespace TwoProcesses;

/// <summary>Runs tasks that somebody else submits. It may be killed and started again at any time.</summary>
internal static class Worker
{
    public static async Task RunAsync(string name, Transport transport)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => transport.AddTo(rqml, null)
            .AddSquareRoots()
            .JoinScheduler(transport.Address)
            .Roles(NodeRoles.Worker)
            .Configure(options => options.NodeName = name));
        using var host = builder.Build();
        await host.RunAsync();
    }
}
