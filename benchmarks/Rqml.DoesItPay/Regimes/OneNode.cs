using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rqml.DoesItPay.Regimes;

/// <summary>One node in memory, with one lane: what a regime needs of Rqml, and nothing that would make two tasks meet.</summary>
internal static class OneNode
{
    public static async Task<IHost> StartAsync(Action<IRqmlBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml =>
        {
            configure(rqml);
            rqml.Configure(options => options.Lanes = 1);
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Runs one task, whatever its end, and gives the best artifact.</summary>
    public static async Task<TArtifact> RunAsync<TPayload, TArtifact>(this IHost host, TaskClass<TPayload, TArtifact> @class, TPayload payload, SubmitOptions options)
    {
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(@class, payload, options);
        var result = await task.Completion;
        if (!result.HasArtifact) throw new InvalidOperationException($"A task of '{@class.Name}' ended without an artifact: {result.Outcome}, {result.Reason}.");
        return result.Artifact;
    }
}
