using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Rqml.Diagnostics;

namespace Rqml.Supervision.Events;

/// <summary>The host's bus of events.</summary>
internal static class EventServices
{
    public static void AddEvents(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new EventBus(
            provider.GetRequiredService<IOptions<RqmlOptions>>().Value.Events, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<RqmlInstruments>().Events));
        services.TryAddSingleton<IRqmlEvents>(provider => provider.GetRequiredService<EventBus>());
    }
}
